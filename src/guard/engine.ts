/**
 * What the engine gets wrong. V8 12.4 (Node 22) takes the block type of a `try_table` for one byte when it reckons how long the instruction
 * is. With a longer one it reads on too early, and runs instructions that nobody else sees: a loop without a check, say.
 */

/**
 * Valid, but for an engine that reads the last label, 2, as the beginning of a block:
 *
 * (module (func (block (block (try_table (catch_all 2))))))   ;; the block type, of index 0, in two bytes
 */
// biome-ignore format: one section a line
const WIDE = new Uint8Array([
  0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00,
  0x01, 0x04, 0x01, 0x60, 0x00, 0x00,
  0x03, 0x02, 0x01, 0x00,
  0x0a, 0x11, 0x01, 0x0f, 0x00, 0x02, 0x40, 0x02, 0x40, 0x1f, 0x80, 0x00, 0x01, 0x02, 0x02, 0x0b, 0x0b, 0x0b, 0x0b,
])

let readsWide: boolean | undefined

/** Does this engine read block types of more than a byte at a `try_table`? */
export function readsWideTryTables(): boolean {
  readsWide ??= WebAssembly.validate(WIDE)
  return readsWide
}
