/**
 * Reads a range of bytes instruction by instruction, and checks every index against the module's index spaces.
 * One object is reused for all of a module's bodies: nothing is allocated per instruction.
 *
 * Labels are not checked (that takes the nesting), nor types: the engine does that.
 */

import { ENGINE_LIMITS } from './engine-limits.ts'
import { DECLARED, type ModuleInfo } from './module-info.ts'
import { type Immediate, OPCODES, type Opcode, opcodesOf, PLAIN_OPCODES } from './opcodes.ts'
import { hex, invalid, malformed, outside, Reader } from './reader.ts'
import { readHeapType, readValType, readValTypeAfter } from './type-reader.ts'
import type { HeapType, TypeDef, ValType } from './types.ts'

/** What the kind of a `try_table`'s clause says, as in the binary format. */
export const CATCH = 0
export const CATCH_REF = 1
export const CATCH_ALL = 2
export const CATCH_ALL_REF = 3

/** Which kind of type an instruction's type index must name; undefined where any will do or there is none. */
const TYPE_KINDS: readonly (TypeDef['kind'] | undefined)[] = OPCODES.map(({ name, control }) => {
  if (name.startsWith('struct.')) return 'struct'
  if (name.startsWith('array.')) return 'array'
  return control === 'call' || control === 'return_call' ? 'func' : undefined
})

/** How an instruction of one byte goes on, by that byte: what most of a body consists of is read without the table of immediates. */
const BARE = 1
const LOCAL = 2
const I32 = 3
const LABEL = 4
const MEMARG = 5
const SHAPES = { local: LOCAL, i32: I32, label: LABEL, memarg: MEMARG } as Partial<Record<Immediate, number>>
const SHAPE_OF_BYTE = Uint8Array.from({ length: 256 }, (_, byte) => {
  const immediates = PLAIN_OPCODES[byte]?.immediates
  const [first, second] = immediates ?? []
  if (first === undefined) return immediates === undefined ? 0 : BARE
  return second === undefined ? (SHAPES[first] ?? 0) : 0
})

const NO_OP = PLAIN_OPCODES[0x01] as Opcode
const EMPTY_BLOCK = 0x40
const HAS_MEMORY = 0x40

export class InstructionReader {
  /** The instruction just read, and the bytes it takes. */
  op: Opcode = NO_OP
  start = 0
  end = 0

  /** Its immediates that are indices, in their order. A memarg's is its memory; a block's that of its type, or -1. */
  index0 = 0
  index1 = 0
  /** The value of an `i32.const`; the count, lane or cast flags of others. */
  value = 0
  /** Of a memarg: the alignment as an exponent, and the offset (above 2^53 only roughly). */
  align = 0
  memoryOffset = 0
  /** Of reference instructions; `br_on_cast` has two. */
  heap0: HeapType = 'any'
  heap1: HeapType = 'any'
  /** How many values a block takes and leaves. */
  blockParams = 0
  blockResults = 0
  /** The result of a block whose type is written as a value type, or the type of a typed select. */
  valType: ValType | undefined = undefined
  /** Targets of a `br_table` (the default last), or of a `try_table`'s clauses; `labelCount` of them are valid. */
  labels: Uint32Array = new Uint32Array(16)
  labelCount = 0
  /** Of a `try_table`'s clauses, beside `labels`: kind, and tag where the kind has one. */
  catchKinds: Uint8Array = new Uint8Array(16)
  catchTags: Uint32Array = new Uint32Array(16)

  readonly #module: ModuleInfo
  readonly #reader: Reader
  readonly #bytes: Uint8Array
  readonly #constant: boolean
  #limit = 0
  #locals = 0
  #hasMemory = false
  #slot = 0

  /** @param constant constant expressions are read: the functions that they refer to become declared by it */
  constructor(module: ModuleInfo, constant = false) {
    this.#module = module
    this.#reader = new Reader(module.bytes)
    this.#bytes = module.bytes
    this.#constant = constant
  }

  /** Starts on the instructions of a range of bytes, in a function with so many locals (parameters included). */
  reset(start: number, end: number, localCount: number): void {
    this.#reader.end = end
    this.#limit = end
    this.#locals = localCount
    this.#hasMemory = this.#module.memories.length > 0
    this.start = start
    this.end = start
  }

  /** Reads an instruction; false at the end of the range. */
  next(): boolean {
    const start = this.end
    const bytes = this.#bytes
    if (start >= this.#limit) return false
    this.start = start
    const byte = bytes[start] as number
    const shape = SHAPE_OF_BYTE[byte] as number
    if (shape === BARE) {
      this.op = PLAIN_OPCODES[byte] as Opcode
      this.end = start + 1
      return true
    }
    if (shape === 0 || !this.#short(shape, start)) this.#long(start, byte)
    else this.op = PLAIN_OPCODES[byte] as Opcode
    return true
  }

  /** The common immediates where they are as short as they can be and right; false otherwise. */
  #short(shape: number, start: number): boolean {
    // A body ends with an instruction of its own, so two bytes more is where its last short one can end
    if (start + 3 > this.#limit) return false
    const byte = this.#bytes[start + 1] as number
    if (byte >= 0x80) return false
    if (shape === LOCAL) {
      if (byte >= this.#locals) return false
      this.index0 = byte
    } else if (shape === I32) this.value = (byte << 25) >> 25
    else if (shape === LABEL) this.index0 = byte
    else return this.#shortMemarg(byte, start)
    this.end = start + 2
    return true
  }

  #shortMemarg(align: number, start: number): boolean {
    const offset = this.#bytes[start + 2] as number
    if (align >= HAS_MEMORY || offset >= 0x80 || !this.#hasMemory) return false
    this.align = align
    this.index0 = 0
    this.memoryOffset = offset
    this.end = start + 3
    return true
  }

  #long(start: number, byte: number): void {
    const reader = this.#reader
    reader.offset = start + 1
    const op = PLAIN_OPCODES[byte] ?? this.#prefixed(byte, start)
    this.op = op
    this.#slot = 0
    for (const kind of op.immediates) this.#immediate(kind, op)
    this.end = reader.offset
  }

  #prefixed(prefix: number, start: number): Opcode {
    const table = opcodesOf(prefix)
    if (table === undefined) throw malformed(`expected an instruction, not ${hex(prefix)}`, start)
    const code = this.#reader.u32('the rest of an opcode')
    const op = table[code]
    if (op === undefined) throw malformed(`expected an instruction, not ${hex(prefix)} ${hex(code)}`, start)
    return op
  }

  #immediate(kind: Immediate, op: Opcode): void {
    const reader = this.#reader
    switch (kind) {
      case 'local':
        this.#index(reader.index('a local index', this.#locals))
        break
      case 'i32':
        this.value = reader.s32('an i32')
        break
      case 'memarg':
        this.#memarg()
        break
      case 'label':
        this.#index(reader.u32('a label'))
        break
      case 'func':
        this.#function(op)
        break
      case 'block':
        this.#block()
        break
      case 'global':
        this.#index(reader.index('a global index', this.#module.globals.length))
        break
      case 'i64':
        reader.skipS64('an i64')
        break
      case 'f32':
        reader.skip(4, 'an f32')
        break
      case 'f64':
        reader.skip(8, 'an f64')
        break
      case 'v128':
      case 'lanes16':
        reader.skip(16, 'a v128')
        break
      case 'lane':
        this.value = reader.u8('a lane')
        break
      case 'labels':
        this.#labels()
        break
      case 'catches':
        this.#catches()
        break
      case 'valtypes':
        this.#valTypes()
        break
      case 'heap':
        this.#heap()
        break
      case 'castflags':
        this.#flags(3, 'cast flags')
        break
      case 'ordering':
        this.#flags(0, 'a zero byte')
        break
      case 'count':
        this.value = reader.u32('a count')
        break
      default:
        this.#space(kind, op)
    }
  }

  #space(kind: Immediate, op: Opcode): void {
    const reader = this.#reader
    const module = this.#module
    switch (kind) {
      case 'type':
        this.#type(op)
        break
      case 'field':
        this.#field()
        break
      case 'table':
        this.#index(reader.index('a table index', module.tables.length))
        break
      case 'memory':
        this.#index(reader.index('a memory index', module.memories.length))
        break
      case 'tag':
        this.#index(reader.index('a tag index', module.tags.length))
        break
      case 'elem':
        this.#index(reader.index('an element segment index', module.elements.length))
        break
      default:
        this.#data()
    }
  }

  #index(index: number): void {
    if (this.#slot++ === 0) this.index0 = index
    else this.index1 = index
  }

  #function(op: Opcode): void {
    const module = this.#module
    const at = this.#reader.offset
    const index = this.#reader.index('a function index', module.functions.length)
    this.index0 = index
    if (op.name !== 'ref.func') return
    const declared = module.declaredFunctions[index] as number
    if (!this.#constant && declared === 0) throw invalid(`a body refers to function ${index}, which no export, segment or initialiser names`, at, { index })
    module.declaredFunctions[index] = declared | DECLARED.referred
  }

  #type(op: Opcode): void {
    const at = this.#reader.offset
    const index = this.#reader.index('a type index', this.#module.types.length)
    const kind = TYPE_KINDS[op.id]
    if (kind !== undefined) this.#mustBe(kind, index, at)
    this.#index(index)
  }

  #mustBe(kind: TypeDef['kind'], index: number, at: number): void {
    const type = this.#module.types[index]
    if (type?.kind !== kind) throw invalid(`type ${index} is of kind ${type?.kind}, not ${kind}`, at, { index })
  }

  #field(): void {
    const type = this.#module.types[this.index0]
    this.#index(this.#reader.index('a field index', type?.kind === 'struct' ? type.fields.length : 0))
  }

  #data(): void {
    const { dataCount } = this.#module
    if (dataCount === undefined) throw malformed('expected a data count section, as code uses a data segment', this.#reader.offset)
    this.#index(this.#reader.index('a data segment index', dataCount))
  }

  #memarg(): void {
    const reader = this.#reader
    const at = reader.offset
    const { memories } = this.#module
    const flags = reader.u32('an alignment')
    if (flags >= 0x80) reader.fail('an alignment below 64', at)
    this.align = flags & 0x3f
    const memory = (flags & HAS_MEMORY) === 0 ? 0 : reader.u32('a memory index')
    const type = memories[memory]
    if (type === undefined) throw outside('a memory index', memory, memories.length, at)
    this.index0 = memory
    this.#slot = 1
    const from = reader.offset
    this.memoryOffset = reader.skipU64('an offset')
    if (type.limits.address === 'i32' && this.memoryOffset > 0xffff_ffff)
      throw malformed('expected an offset of 32 bits, as the memory has 32-bit addresses', from)
  }

  #block(): void {
    const reader = this.#reader
    const byte = reader.peek()
    this.index0 = -1
    this.blockParams = 0
    this.blockResults = 0
    this.valType = undefined
    if (byte === EMPTY_BLOCK) reader.offset++
    else if (byte > EMPTY_BLOCK && byte < 0x80) {
      reader.offset++
      this.valType = readValTypeAfter(reader, byte, this.#module.types.length)
      this.blockResults = 1
    } else this.#blockType()
  }

  #blockType(): void {
    const reader = this.#reader
    const at = reader.offset
    const index = reader.s33('a block type')
    if (index < 0) reader.fail('a block type in one byte', at)
    const { types } = this.#module
    const type = types[index]
    if (type === undefined) throw outside('a type index', index, types.length, at)
    if (type.kind !== 'func') throw invalid(`type ${index} is of kind ${type.kind}, not func`, at, { index })
    this.index0 = index
    this.blockParams = type.type.params.length
    this.blockResults = type.type.results.length
  }

  #labels(): void {
    const reader = this.#reader
    const count = reader.count('labels', 1, ENGINE_LIMITS.branches) + 1
    if (count > this.labels.length) this.labels = new Uint32Array(2 * count)
    const { labels } = this
    for (let at = 0; at < count; at++) labels[at] = reader.u32('a label')
    this.labelCount = count
  }

  #catches(): void {
    const reader = this.#reader
    const count = reader.count('catch clauses', 2)
    if (count > this.labels.length) this.labels = new Uint32Array(2 * count)
    if (count > this.catchKinds.length) {
      this.catchKinds = new Uint8Array(2 * count)
      this.catchTags = new Uint32Array(2 * count)
    }
    for (let at = 0; at < count; at++) {
      const kind = reader.u8('a catch clause')
      if (kind > CATCH_ALL_REF) reader.fail(`a catch clause, not ${hex(kind)}`, reader.offset - 1)
      this.catchKinds[at] = kind
      this.catchTags[at] = kind < CATCH_ALL ? reader.index('a tag index', this.#module.tags.length) : 0
      this.labels[at] = reader.u32('a label')
    }
    this.labelCount = count
  }

  #valTypes(): void {
    const count = this.#reader.count('types')
    for (let at = 0; at < count; at++) this.valType = readValType(this.#reader, this.#module.types.length)
  }

  #heap(): void {
    const heap = readHeapType(this.#reader, this.#module.types.length)
    // A br_on_cast has a label before its two
    if (this.#slot === 2) this.heap1 = heap
    else this.heap0 = heap
    if (this.#slot > 0) this.#slot++
  }

  #flags(largest: number, what: string): void {
    this.value = this.#reader.u8(what)
    if (this.value > largest) this.#reader.fail(what, this.#reader.offset - 1)
  }
}
