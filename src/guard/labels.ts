/**
 * Copies instructions into a place where there are more frames around them than before: labels that name frames further out have to
 * pass those too.
 */
import { InstructionReader } from '../wasm/instructions.ts'
import type { ModuleInfo } from '../wasm/module.ts'
import { skipNumber, skipPlain } from '../wasm/skip.ts'
import type { Writer } from '../wasm/writer.ts'

/** No index is checked again. */
const ANY = 0x7fff_ffff

export class Labels {
  readonly #source: Uint8Array
  readonly #reader: InstructionReader
  readonly #body: Writer
  /** How many frames were added around what is being copied; and of each frame that was opened since the first, around that. */
  #added = 0
  readonly #open: number[] = []

  constructor(module: ModuleInfo, body: Writer) {
    this.#source = module.bytes
    this.#reader = new InstructionReader(module)
    this.#body = body
  }

  clear(): void {
    this.#added = this.#open.length = 0
  }

  /** A frame of the original begins, with so many added around it and so many in it. What is copied next is in all of them. */
  enter(around: number, inside: number): void {
    this.#added += around
    this.#open.push(this.#added)
    this.#added += inside
  }

  /** The frame ends, and those that were added. */
  leave(added: number): void {
    this.#open.pop()
    this.#added -= added
  }

  copy(start: number, end: number): void {
    if (this.#added === 0) return this.#body.bytes(this.#source, start, end)
    const reader = this.#reader
    reader.reset(start, end, ANY)
    let from = start
    for (let at = skipPlain(this.#source, start, end); at < end; at = skipPlain(this.#source, reader.end, end)) {
      reader.end = at
      reader.next()
      from = this.#instruction(reader, from)
    }
    this.#body.bytes(this.#source, from, end)
  }

  /** What a label has to be. */
  shifted(label: number): number {
    const depth = this.#open.length
    return label + this.#added - (label < depth ? (this.#open[depth - 1 - label] as number) : 0)
  }

  /** Writes all up to the last label of an instruction, if it has any. Returns from where is still to be written. */
  #instruction(reader: InstructionReader, from: number): number {
    const { op, start } = reader
    switch (op.control) {
      case 'block':
      case 'loop':
      case 'if':
      case 'try':
        this.#open.push(this.#added)
        return from
      case 'end':
        this.#open.pop()
        return from
      case 'try_table':
        return this.#tryTable(reader, from)
      case 'br_table':
        return this.#brTable(reader, from)
      case 'delegate':
        this.#open.pop()
        return this.#label(from, start + 1, reader.index0)
    }
    const [first] = op.immediates
    if (first === 'label') return this.#label(from, start + 1, reader.index0)
    // After the opcode, of two bytes or more, come a byte of flags and the label
    return first === 'castflags' ? this.#label(from, skipNumber(this.#source, start + 1) + 1, reader.index0) : from
  }

  #tryTable(reader: InstructionReader, from: number): number {
    const block = reader.start + 1
    const byte = this.#source[block]
    let at = skipNumber(this.#source, skipNumber(this.#source, byte === 0x63 || byte === 0x64 ? block + 1 : block))
    let rest = from
    for (let n = 0; n < reader.labelCount; n++) {
      const isTagged = (reader.catchKinds[n] as number) < 2
      at = isTagged ? skipNumber(this.#source, at + 1) : at + 1
      rest = at = this.#label(rest, at, reader.labels[n] as number)
    }
    this.#open.push(this.#added)
    return rest
  }

  #brTable(reader: InstructionReader, from: number): number {
    let rest = from
    let at = skipNumber(this.#source, reader.start + 1)
    for (let n = 0; n < reader.labelCount; n++) rest = at = this.#label(rest, at, reader.labels[n] as number)
    return rest
  }

  #label(from: number, at: number, label: number): number {
    this.#body.bytes(this.#source, from, at)
    this.#body.u32(this.shifted(label))
    return skipNumber(this.#source, at)
  }
}
