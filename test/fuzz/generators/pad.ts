/**
 * Code with numbers in more bytes than they need. It says the same; a guard and an engine that count bytes differently would from there on
 * read different instructions.
 */
import { type Immediate, opcode } from '../../../src/wasm/opcodes.ts'
import { Reader } from '../../../src/wasm/reader.ts'
import { Writer } from '../../../src/wasm/writer.ts'
import type { Features } from '../features.ts'
import { type Instruction, readBodies, withBodies } from '../pieces.ts'
import type { Random } from '../random.ts'

const MORE = 0x80
const WIDE_BLOCK_TYPES = new Set(['try_table'])

/** Makes about one in so many numbers longer. The module must be one that can be read. */
export function padded(random: Random, bytes: Uint8Array<ArrayBuffer>, oneIn: number, features: Features): Uint8Array<ArrayBuffer> {
  const bodies = readBodies(bytes)
  if (bodies === undefined) return bytes
  const pad = (each: Instruction): Instruction => {
    // V8 12.4 (Node 22) reads a try_table wrongly unless its block type is a single byte
    const keepsBlock = WIDE_BLOCK_TYPES.has(each.name) && !features.wideTryTable
    return { name: each.name, bytes: new Padder(random, oneIn, each).padded(keepsBlock) }
  }
  return withBodies(
    bytes,
    bodies.map(({ locals, instructions }) => ({ locals, instructions: instructions.map(pad) })),
  )
}

class Padder {
  readonly #random: Random
  readonly #oneIn: number
  readonly #instruction: Instruction
  readonly #reader: Reader
  readonly #out = new Writer(32)

  constructor(random: Random, oneIn: number, instruction: Instruction) {
    this.#random = random
    this.#oneIn = oneIn
    this.#instruction = instruction
    this.#reader = new Reader(instruction.bytes)
  }

  padded(keepsBlock: boolean): Uint8Array {
    const { prefix, immediates } = opcode(this.#instruction.name)
    this.#copy(1)
    if (prefix !== 0) this.#unsigned(5)
    for (const kind of immediates) {
      if (kind === 'block' && keepsBlock) this.#type(1)
      else this.#immediate(kind)
    }
    this.#copy(this.#reader.left)
    return this.#out.finish()
  }

  #copy(count: number): void {
    const { bytes, offset } = this.#reader
    this.#out.bytes(bytes, offset, offset + count)
    this.#reader.offset += count
  }

  #peek(): number {
    return this.#reader.bytes[this.#reader.offset] as number
  }

  /** The bytes of a number, and with luck some more. `filler` continues it without changing it, `last` ends it. */
  #number(most: number, filler: number, last: number): void {
    const { bytes, offset } = this.#reader
    let end = offset
    while (((bytes[end] as number) & MORE) !== 0) end++
    const length = end + 1 - offset
    const more = this.#random.oneIn(this.#oneIn) ? this.#random.between(0, most - length) : 0
    if (more <= 0) return this.#copy(length)
    this.#copy(length - 1)
    this.#out.u8(this.#peek() | MORE)
    for (let each = 1; each < more; each++) this.#out.u8(filler)
    this.#out.u8(last)
    this.#reader.offset++
  }

  #unsigned(most: number): number {
    const at = this.#reader.offset
    const value = this.#reader.u32('a number')
    this.#reader.offset = at
    this.#number(most, MORE, 0)
    return value
  }

  #signed(most: number): void {
    const { bytes, offset } = this.#reader
    let end = offset
    while (((bytes[end] as number) & MORE) !== 0) end++
    const isNegative = ((bytes[end] as number) & 0x40) !== 0
    this.#number(most, isNegative ? 0xff : MORE, isNegative ? 0x7f : 0)
  }

  /** A value type, heap type or block type: names are single bytes, only indices are numbers. */
  #type(most: number): void {
    const byte = this.#peek()
    if (byte === 0x63 || byte === 0x64) {
      this.#copy(1)
      this.#type(most)
    } else if ((byte & 0xc0) === 0x40) this.#copy(1)
    else this.#number(most, MORE, 0)
  }

  #immediate(kind: Immediate): void {
    switch (kind) {
      case 'block':
      case 'heap':
        return this.#type(5)
      case 'i32':
        return this.#signed(5)
      case 'i64':
        return this.#signed(10)
      case 'memarg':
        return this.#memArg()
      case 'labels':
        for (let count = this.#unsigned(5); count >= 0; count--) this.#unsigned(5)
        return
      case 'catches':
        return this.#catches()
      case 'valtypes':
        for (let count = this.#unsigned(5); count > 0; count--) this.#type(5)
        return
      case 'f32':
      case 'f64':
      case 'v128':
      case 'lane':
      case 'lanes16':
      case 'castflags':
      case 'ordering':
        return this.#copy(SIZES[kind])
      default:
        this.#unsigned(5)
    }
  }

  #memArg(): void {
    const hasMemory = (this.#unsigned(5) & 0x40) !== 0
    if (hasMemory) this.#unsigned(5)
    this.#number(5, MORE, 0)
  }

  #catches(): void {
    for (let count = this.#unsigned(5); count > 0; count--) {
      const kind = this.#peek()
      this.#copy(1)
      if (kind < 2) this.#unsigned(5)
      this.#unsigned(5)
    }
  }
}

const SIZES = { f32: 4, f64: 8, v128: 16, lane: 1, lanes16: 16, castflags: 1, ordering: 1 } as const
