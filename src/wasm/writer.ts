/**
 * Writes the binary format: `Writer` for its basic forms into a buffer that grows,
 * and `instruction` for anything in the opcode table.
 */

import { opcode } from './opcodes.ts'
import { type HeapType, heapByte, REF_BYTE, REF_NULL_BYTE, typeByte, type ValType } from './types.ts'

const encoder = new TextEncoder()
/** For so many bytes, making a view of them takes longer than copying them one by one. */
const FEW_BYTES = 64

export class Writer {
  #buffer: Uint8Array
  #length = 0

  constructor(capacity = 256) {
    this.#buffer = new Uint8Array(capacity)
  }

  get length(): number {
    return this.#length
  }

  #reserve(more: number): void {
    const needed = this.#length + more
    if (needed <= this.#buffer.length) return
    const larger = new Uint8Array(Math.max(needed, 2 * this.#buffer.length))
    larger.set(this.written)
    this.#buffer = larger
  }

  u8(byte: number): void {
    if (this.#length === this.#buffer.length) this.#reserve(1)
    this.#buffer[this.#length++] = byte
  }

  u32(value: number): void {
    if (value < 0x80) {
      this.u8(value)
      return
    }
    let rest = value
    for (; rest >= 0x80; rest >>>= 7) this.u8((rest & 0x7f) | 0x80)
    this.u8(rest)
  }

  s32(value: number): void {
    let rest = value
    for (; rest < -0x40 || rest > 0x3f; rest >>= 7) this.u8((rest & 0x7f) | 0x80)
    this.u8(rest & 0x7f)
  }

  u64(value: bigint): void {
    let rest = value
    for (; rest >= 0x80n; rest >>= 7n) this.u8(Number(rest & 0x7fn) | 0x80)
    this.u8(Number(rest))
  }

  s64(value: bigint): void {
    let rest = value
    for (; rest < -0x40n || rest > 0x3fn; rest >>= 7n) this.u8(Number(rest & 0x7fn) | 0x80)
    this.u8(Number(rest & 0x7fn))
  }

  f32(value: number): void {
    this.bytes(new Uint8Array(new Float32Array([value]).buffer))
  }

  f64(value: number): void {
    this.bytes(new Uint8Array(new Float64Array([value]).buffer))
  }

  /** Copies bytes as they are. */
  bytes(source: Uint8Array, start = 0, end: number = source.length): void {
    const length = end - start
    this.#reserve(length)
    if (length <= FEW_BYTES) {
      const buffer = this.#buffer
      for (let from = start, to = this.#length; from < end; from++, to++) buffer[to] = source[from] as number
    } else this.#buffer.set(start === 0 && end === source.length ? source : source.subarray(start, end), this.#length)
    this.#length += length
  }

  /** A string with its length before it. */
  name(text: string): void {
    const utf8 = encoder.encode(text)
    this.u32(utf8.length)
    this.bytes(utf8)
  }

  /** The number of items, then each of them. */
  vec<T>(items: readonly T[], item: (item: T) => void): void {
    this.u32(items.length)
    for (const each of items) item(each)
  }

  /** What `contents` writes, with its size in bytes before it. */
  sized(contents: (writer: Writer) => void): void {
    const inner = new Writer()
    contents(inner)
    this.u32(inner.length)
    this.append(inner)
  }

  /** A section: its id, its size and what `contents` writes. */
  section(id: number, contents: (writer: Writer) => void): void {
    this.u8(id)
    this.sized(contents)
  }

  /** The magic number and version that a module begins with. */
  header(): void {
    this.bytes(HEADER)
  }

  heap(heap: HeapType): void {
    if (typeof heap === 'number') this.s64(BigInt(heap))
    else this.u8(heapByte(heap))
  }

  valType(type: ValType): void {
    const byte = typeByte(type)
    if (byte !== undefined) this.u8(byte)
    else if (typeof type !== 'string') {
      this.u8(type.nullable ? REF_NULL_BYTE : REF_BYTE)
      this.heap(type.heap)
    }
  }

  /** Everything that another writer holds. */
  append(other: Writer): void {
    this.bytes(other.#buffer, 0, other.#length)
  }

  /** What was written, until more is. */
  get written(): Uint8Array {
    return this.#buffer.subarray(0, this.#length)
  }

  /** Forgets what was written and keeps the buffer. */
  clear(): void {
    this.#length = 0
  }

  /** What was written, as bytes of their own. */
  finish(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.written)
  }
}

const HEADER = new Uint8Array([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00])

/** No values, one result, or the index of a function type. */
export type BlockType = 'empty' | ValType | number

export interface MemArg {
  /** As an exponent of 2. */
  readonly align: number
  readonly offset: number | bigint
  readonly memory?: number
}

/** A clause of a `try_table`; those that catch all have no tag. */
export interface CatchClause {
  readonly kind: 'catch' | 'catch_ref' | 'catch_all' | 'catch_all_ref'
  readonly tag?: number
  readonly label: number
}

/** By the kind of the immediate: indices, counts, flags and i32 as numbers, i64 as bigint, bytes as arrays. */
export type ImmediateValue = number | bigint | BlockType | HeapType | MemArg | ArrayLike<number> | readonly ValType[] | readonly CatchClause[]

const CATCH_KINDS = ['catch', 'catch_ref', 'catch_all', 'catch_all_ref'] as const

/** Writes one instruction, encoded by the opcode table. Values are in the table's order of immediates. */
export function instruction(writer: Writer, name: string, ...values: readonly ImmediateValue[]): void {
  const { prefix, code, immediates } = opcode(name)
  if (values.length !== immediates.length) throw new RangeError(`${name} takes ${immediates.length} immediates, not ${values.length}`)
  if (prefix === 0) writer.u8(code)
  else {
    writer.u8(prefix)
    writer.u32(code)
  }
  for (const [at, kind] of immediates.entries()) immediate(writer, kind, values[at] as ImmediateValue)
}

function immediate(writer: Writer, kind: string, value: ImmediateValue): void {
  switch (kind) {
    case 'block':
      blockType(writer, value as BlockType)
      break
    case 'heap':
      writer.heap(value as HeapType)
      break
    case 'memarg':
      memArg(writer, value as MemArg)
      break
    case 'i32':
      writer.s32(value as number)
      break
    case 'i64':
      writer.s64(BigInt(value as bigint))
      break
    case 'f32':
      writer.f32(value as number)
      break
    case 'f64':
      writer.f64(value as number)
      break
    case 'labels':
      labels(writer, value as readonly number[])
      break
    case 'v128':
    case 'lanes16':
      writer.bytes(Uint8Array.from(value as ArrayLike<number>))
      break
    case 'valtypes':
      writer.vec(value as readonly ValType[], (type) => writer.valType(type))
      break
    case 'catches':
      writer.vec(value as readonly CatchClause[], (clause) => catchClause(writer, clause))
      break
    case 'lane':
    case 'castflags':
    case 'ordering':
      writer.u8(value as number)
      break
    default:
      writer.u32(value as number)
  }
}

function blockType(writer: Writer, type: BlockType): void {
  if (type === 'empty') writer.u8(0x40)
  else if (typeof type === 'number') writer.heap(type)
  else writer.valType(type)
}

function memArg(writer: Writer, { align, offset, memory = 0 }: MemArg): void {
  writer.u32(memory === 0 ? align : align | 0x40)
  if (memory !== 0) writer.u32(memory)
  writer.u64(BigInt(offset))
}

function labels(writer: Writer, targets: readonly number[]): void {
  writer.u32(targets.length - 1)
  for (const target of targets) writer.u32(target)
}

function catchClause(writer: Writer, { kind, tag, label }: CatchClause): void {
  writer.u8(CATCH_KINDS.indexOf(kind))
  if (tag !== undefined) writer.u32(tag)
  writer.u32(label)
}
