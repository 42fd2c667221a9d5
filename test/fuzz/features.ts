/** What the V8 that runs this knows: asked of V8 itself, with a small module for each feature. */
import { wat } from '../support/wat.ts'

const PROBES = {
  memory64: '(module (memory i64 1))',
  table64: '(module (table i64 1 funcref))',
  multiMemory: '(module (memory 1) (memory 1))',
  /** Copying between memories with addresses of different width. */
  mixedCopies: '(module (memory 1) (memory i64 1) (func (memory.copy 0 1 (i32.const 0) (i64.const 0) (i32.const 0))))',
  tailCalls: '(module (func return_call 0))',
  typedReferences: '(module (type $t (func)) (func (param (ref $t)) (call_ref $t (local.get 0))))',
  gc: '(module (type (struct (field (mut i32)))) (func (drop (struct.new_default 0))))',
  exceptions: '(module (tag) (func (drop (block (result exnref) (try_table (catch_all_ref 0)) unreachable))))',
  legacyExceptions: '(module (tag) (func try throw 0 catch_all end))',
  simd: '(module (func (drop (v128.const i64x2 0 0))))',
  relaxedSimd: '(module (func (param v128) (drop (i8x16.relaxed_swizzle (local.get 0) (local.get 0)))))',
  threads: '(module (memory 1 1 shared) (func (drop (i32.atomic.load (i32.const 0)))))',
  extendedConstants: '(module (global i32 (i32.add (i32.const 1) (i32.const 2))))',
} as const

export type Feature = keyof typeof PROBES | 'mixedExceptions' | 'exceptionTag' | 'wideTryTable' | 'wideImports'
export type Features = Readonly<Record<Feature, boolean>>

/** Both forms in one module, which neither assembler writes: `try catch_all end`, then a `try_table`. */
// biome-ignore format: one section a line
const MIXED = Uint8Array.of(
  0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00,
  0x01, 0x04, 0x01, 0x60, 0x00, 0x00,
  0x03, 0x02, 0x01, 0x00,
  0x0a, 0x0c, 0x01, 0x0a, 0x00, 0x06, 0x40, 0x19, 0x0b, 0x1f, 0x40, 0x00, 0x0b, 0x0b,
)

/**
 * A `try_table` whose block type takes two bytes, with one clause whose label is 2. V8 12.4 thinks that the instruction ends one byte
 * earlier, and reads that label as the beginning of a `block`. See case 003.
 */
// biome-ignore format: one section a line
const WIDE_TRY_TABLE = Uint8Array.of(
  0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00,
  0x01, 0x04, 0x01, 0x60, 0x00, 0x00,
  0x03, 0x02, 0x01, 0x00,
  0x0a, 0x11, 0x01, 0x0f, 0x00, 0x02, 0x40, 0x02, 0x40, 0x1f, 0x80, 0x00, 0x01, 0x02, 0x02, 0x0b, 0x0b, 0x0b, 0x0b,
)

export const FEATURES: Features = {
  ...(Object.fromEntries(Object.entries(PROBES).map(([name, text]) => [name, WebAssembly.validate(wat(text, name))])) as Record<keyof typeof PROBES, boolean>),
  mixedExceptions: WebAssembly.validate(MIXED),
  /** `WebAssembly.JSTag`: catching what JavaScript throws by a tag. */
  exceptionTag: 'JSTag' in WebAssembly,
  wideTryTable: WebAssembly.validate(WIDE_TRY_TABLE),
  /** Can JavaScript make memories and tables with 64-bit addresses? */
  wideImports: madeWide(),
}

function madeWide(): boolean {
  try {
    return typeof new WebAssembly.Table({ address: 'i64', initial: 1n, element: 'anyfunc' } as unknown as WebAssembly.TableDescriptor).length === 'bigint'
  } catch {
    return false
  }
}
