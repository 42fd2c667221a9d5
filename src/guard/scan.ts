/**
 * Reads the functions of a module into an outline, forwards, once. What the checks subtract and which may be left out is decided later,
 * when all functions are known.
 */
import { LoadError } from '../errors.ts'
import { InstructionReader } from '../wasm/instructions.ts'
import { readLocals } from '../wasm/locals.ts'
import type { ModuleInfo } from '../wasm/module.ts'
import { OPCODES, type Opcode, PLAIN_OPCODES } from '../wasm/opcodes.ts'
import { Reader } from '../wasm/reader.ts'
import type { FuncType, TypeDef } from '../wasm/types.ts'
import { COMPUTED } from './canonical.ts'
import { Control, type ControlOptions } from './control.ts'
import { PER_BYTE, PER_ELEMENT, SEGMENT, SHORT_BYTES, SHORT_ELEMENTS, WEIGHTS } from './costs.ts'
import type { Helpers } from './helpers.ts'
import type { TypeKinds } from './kinds.ts'
import { complexityOf, OPERANDS, SEARCHES, SPILL_FREE } from './operands.ts'
import { Outline } from './outline.ts'
import { Places } from './places.ts'
import { refuseExceptionLocal } from './refuse.ts'

/** How an instruction of one byte is read here, without the reader; 0 for those that are not. */
const SHAPE = { bare: 1, localGet: 2, localSet: 3, localTee: 4, i32: 5, i64: 6, global: 7, load: 8, store: 9 } as const

function shapeOf(op: Opcode | undefined): number {
  if (op === undefined || op.control !== 'none' || op.prefix !== 0) return 0
  const [first, second] = op.immediates
  if (first === undefined) return SHAPE.bare
  if (second !== undefined) return 0
  if (first === 'local') return op.name === 'local.get' ? SHAPE.localGet : op.name === 'local.set' ? SHAPE.localSet : SHAPE.localTee
  if (first === 'memarg') return op.cost === 'load' ? SHAPE.load : SHAPE.store
  return first === 'i32' ? SHAPE.i32 : first === 'i64' ? SHAPE.i64 : first === 'global' ? SHAPE.global : 0
}

const SHAPES = Uint8Array.from({ length: 256 }, (_, byte) => shapeOf(PLAIN_OPCODES[byte]))
/** With no instruction among them that may compute a NaN. */
const DETERMINISTIC_SHAPES = SHAPES.map((shape, byte) => (COMPUTED[PLAIN_OPCODES[byte]?.id ?? -1] ? 0 : shape))
const byByte = <T extends Uint8Array | Int8Array | Int32Array>(table: T): T =>
  (table.constructor as unknown as { from(items: ArrayLike<number>): T }).from(
    Array.from({ length: 256 }, (_, byte) => table[PLAIN_OPCODES[byte]?.id ?? OPCODES.length] ?? 0),
  )
const BYTE_WEIGHTS = byByte(WEIGHTS)
const BYTE_OPERANDS = byByte(OPERANDS)
const BYTE_SEARCHES = byByte(SEARCHES)

/** Of a function whose type is not one of a function: the engine refuses that. */
const NO_SIGNATURE: FuncType = { params: [], results: [] }
// Instructions with an effect on control that are read here when they are short
const BLOCK = 0x02
const LOOP = 0x03
const IF = 0x04
const END = 0x0b
const BR = 0x0c
const BR_IF = 0x0d
const CALL = 0x10
const EMPTY = 0x40

/** Of a memarg: its memory is written out. */
const HAS_MEMORY = 0x40

export interface ScanOptions extends ControlOptions {
  /** Refuse exnrefs in locals? */
  readonly refuseExceptionLocals: boolean
  /** What each instruction costs, by opcode id. */
  readonly fuelCosts: Float64Array | undefined
  /** Nothing that engines may do differently? */
  readonly deterministic: boolean
}

export function scan(module: ModuleInfo, kinds: TypeKinds, helpers: Helpers, options: ScanOptions): Outline {
  return new Scanner(module, kinds, helpers, options).run()
}

/** Bytes of a frame in V8's baseline code before its locals and operands. */
const FRAME = 96

class Scanner {
  readonly #module: ModuleInfo
  readonly #helpers: Helpers
  readonly #options: ScanOptions
  readonly #outline: Outline
  readonly #reader: InstructionReader
  readonly #places = new Places()
  readonly #control: Control
  readonly #fuelCosts: Float64Array | undefined
  readonly #byteFuel: Float64Array | undefined
  readonly #shapes: Uint8Array
  readonly #bytes: Uint8Array
  readonly #globals: number
  readonly #hasMemory: boolean
  /** May values be vectors, as far as is known yet? */
  #hasVectors: boolean
  /** Where the last constant has its number, if it is an `i32.const`, and ends: a length that is known. */
  #constantStart = 0
  #constantEnd = 0

  constructor(module: ModuleInfo, kinds: TypeKinds, helpers: Helpers, options: ScanOptions) {
    this.#module = module
    this.#helpers = helpers
    this.#options = options
    this.#outline = new Outline(module, options.fuelCosts !== undefined)
    this.#reader = new InstructionReader(module)
    this.#control = new Control(this.#outline, module, kinds, options, this.#places)
    const costs = options.fuelCosts
    this.#fuelCosts = costs
    this.#byteFuel = costs && Float64Array.from({ length: 256 }, (_, byte) => costs[PLAIN_OPCODES[byte]?.id ?? -1] ?? 0)
    this.#shapes = options.deterministic ? DETERMINISTIC_SHAPES : SHAPES
    this.#bytes = module.bytes
    this.#globals = module.globals.length
    this.#hasMemory = module.memories.length > 0
    this.#hasVectors = module.globals.some(({ type }) => type === 'v128') || module.types.some(passesVectors)
  }

  run(): Outline {
    for (let at = 0; at < this.#outline.count; at++) this.#function(at)
    return this.#outline
  }

  #function(at: number): void {
    const module = this.#module
    const start = module.bodyStarts[at] as number
    const end = module.bodyEnds[at] as number
    const { groups, codeStart, total } = readLocals(module, start, end)
    if (this.#options.refuseExceptionLocals) for (const group of groups) refuseExceptionLocal(group.type, start)
    const type = module.types[module.functions[module.importedFunctions + at] as number]
    const signature = type?.kind === 'func' ? type.type : NO_SIGNATURE
    const locals = total + signature.params.length
    this.#places.reset(locals)
    this.#reader.reset(codeStart, end, locals)
    this.#control.begin(at, codeStart, locals, signature)
    this.#body(codeStart, end)
    this.#control.finish(end)
    if (this.#fuelCosts === undefined) return
    const isWide = this.#hasVectors || groups.some((group) => group.type === 'v128')
    // Those who call put parameters where the callee finds them, who keeps them once more
    this.#outline.stack[at] = FRAME + (isWide ? 16 : 8) * (locals + signature.params.length + this.#control.highest)
  }

  #body(start: number, end: number): void {
    const control = this.#control
    const reader = this.#reader
    for (let at = start; at < end; ) {
      at = this.#simple(at, end)
      if (at >= end) throw new LoadError('malformed', 'a function ends without an end', { offset: end })
      if (!control.isOpen) throw new LoadError('invalid-module', 'instructions follow the end of a function', { offset: at })
      if (control.sinceJoin < SEGMENT) {
        const next = at + 4 <= end ? this.#jump(at) : 0
        if (next > 0) at = next
        else {
          reader.end = at
          reader.next()
          this.#instruction(reader)
          at = reader.end
        }
      }
      if (control.sinceJoin >= SEGMENT && control.isOpen) control.split(at)
    }
  }

  /** Reads instructions as long as they are simple and what they have is short. Returns where another one begins. */
  #simple(from: number, end: number): number {
    const bytes = this.#bytes
    const control = this.#control
    const places = this.#places
    const { numbers } = places
    const { locals } = control
    const fuelCosts = this.#byteFuel
    const globals = this.#globals
    const shapes = this.#shapes
    const isFar = this.#hasMemory ? HAS_MEMORY : 0
    // Three bytes are what most have, and the function's end comes after them
    const last = end - 4
    const free = SPILL_FREE - locals
    const most = SEGMENT - control.sinceJoin
    let { height, highest, complexity } = control
    let weight = 0
    let fuel = 0
    let at = from
    while (at <= last && weight < most) {
      const byte = bytes[at] as number
      const shape = shapes[byte] as number
      if (shape === 0) break
      let next = at + 1
      let more = BYTE_WEIGHTS[byte] as number
      let isOther = true
      if (shape !== SHAPE.bare) {
        const immediate = bytes[next++] as number
        if (shape <= SHAPE.localTee) {
          if (immediate >= locals || immediate >= 0x80) break
          if (shape !== SHAPE.localGet) places.set(immediate)
          if (shape !== SHAPE.localSet) places.get(immediate, shape === SHAPE.localGet ? height : height - 1)
          isOther = shape === SHAPE.localSet
        } else if (shape >= SHAPE.load) {
          if (immediate >= isFar) break
          let offset = bytes[next++] as number
          if (offset >= 0x80) {
            const second = bytes[next++] as number
            if (second >= 0x80) break
            offset = (offset & 0x7f) | (second << 7)
          }
          more = places.weigh(shape === SHAPE.load ? height - 1 : height - 2, 0, offset, more)
        } else if (shape === SHAPE.global) {
          if (immediate >= globals || immediate >= 0x80) break
        } else {
          if (immediate >= 0x80) next = endOfNumber(bytes, next, last)
          if (next < 0) break
          this.#constantStart = shape === SHAPE.i32 ? at + 1 : 0
          this.#constantEnd = next
        }
      }
      if (height > free || BYTE_SEARCHES[byte] !== 0) complexity += complexityOf(BYTE_SEARCHES[byte] as number, locals + height)
      height += BYTE_OPERANDS[byte] as number
      if (isOther && height > 0) numbers[height - 1] = 0
      if (fuelCosts !== undefined) {
        fuel += fuelCosts[byte] as number
        if (height > highest) highest = height
      }
      weight += more
      at = next
    }
    control.height = height
    control.weight += weight
    control.sinceJoin += weight
    control.complexity = complexity
    control.fuel += fuel
    control.highest = highest
    return at
  }

  /** Reads an instruction with an effect on control, if it is one of the common ones and short. Returns its end, else 0. */
  #jump(at: number): number {
    const byte = this.#bytes[at] as number
    const immediate = this.#bytes[at + 1] as number
    switch (byte) {
      case END:
        this.#count(byte)
        this.#control.end(at)
        return at + 1
      case BLOCK:
      case LOOP:
      case IF:
        return immediate === EMPTY ? this.#block(byte, at) : 0
      case BR:
      case BR_IF:
        return immediate < 0x80 ? this.#branch(byte, immediate, at) : 0
      case CALL: {
        const second = this.#bytes[at + 2] as number
        if (immediate < 0x80) return this.#call(immediate, at, at + 2)
        return second < 0x80 ? this.#call((immediate & 0x7f) | (second << 7), at, at + 3) : 0
      }
    }
    return 0
  }

  /** Adds what an instruction of one byte costs. */
  #count(byte: number): void {
    const control = this.#control
    control.more(BYTE_WEIGHTS[byte] as number)
    if (this.#byteFuel !== undefined) control.fuel += this.#byteFuel[byte] as number
    control.branch()
  }

  #block(byte: number, at: number): number {
    const control = this.#control
    this.#count(byte)
    if (byte === BLOCK) control.block(at)
    else if (byte === LOOP) control.loop(at, at + 2, 0, 0)
    else {
      control.height--
      control.if(at, at + 2, 0, 0)
    }
    return at + 2
  }

  #branch(byte: number, label: number, at: number): number {
    const control = this.#control
    this.#count(byte)
    if (byte === BR) control.br(label, at)
    else {
      control.height--
      control.brIf(label, at, at + 2, true)
    }
    return at + 2
  }

  #call(index: number, at: number, end: number): number {
    if (index >= this.#module.functions.length) return 0
    this.#count(CALL)
    this.#control.call(index, at, end)
    return end
  }

  #instruction(reader: InstructionReader): void {
    const { op } = reader
    const control = this.#control
    if (this.#fuelCosts !== undefined) control.fuel += this.#fuelCosts[op.id] as number
    if (op.control !== 'none') {
      control.more(WEIGHTS[op.id] as number)
      control.branch()
      control.read(reader)
      return
    }
    const { height } = control
    control.more(this.#weight(reader, height))
    control.complexity += complexityOf(SEARCHES[op.id] as number, control.locals + height)
    control.height += OPERANDS[op.id] as number
    control.highest = Math.max(control.highest, control.height)
    this.#place(reader, control.height)
    if (op.prefix === SIMD) this.#hasVectors = true
    if (this.#options.deterministic) this.#determine(reader)
    if (op.cost === 'grow' || op.cost === 'bulk-memory' || op.cost === 'bulk-table') this.#long(reader)
  }

  #weight({ op, index0, memoryOffset }: InstructionReader, height: number): number {
    const weight = WEIGHTS[op.id] as number
    if (op.cost !== 'load' && op.cost !== 'store') return weight
    if (op.immediates[0] !== 'memarg') return weight
    const isBelow = op.cost === 'store' || op.immediates.length > 1
    return this.#places.weigh(isBelow ? height - 2 : height - 1, index0, memoryOffset, weight)
  }

  #place({ op, index0, start, end }: InstructionReader, height: number): void {
    const places = this.#places
    if (op.immediates[0] !== 'local') places.push(height - 1)
    else {
      if (op.name !== 'local.get') places.set(index0)
      if (op.name !== 'local.set') places.get(index0, height - 1)
    }
    if (op.immediates[0] === 'i32') {
      this.#constantStart = start + 1
      this.#constantEnd = end
    }
  }

  #determine({ op, start, end }: InstructionReader): void {
    if (op.feature === 'relaxed-simd') {
      throw new LoadError('unsupported-feature', `the module uses ${op.name}, whose result depends on the machine, and \`deterministic\` was asked for`, {
        offset: start,
      })
    }
    const form = COMPUTED[op.id] as number
    if (form > 0) this.#control.computed(end, form)
  }

  /** Operations that take time by a length: a helper does them, unless it is known and short. */
  #long(reader: InstructionReader): void {
    const { cost } = reader.op
    const isTable = cost === 'bulk-table'
    const isKnown = this.#constantEnd === reader.start && this.#constantStart > 0
    const length = isKnown ? new Reader(this.#bytes, this.#constantStart, this.#constantEnd).s32('a length') : -1
    if (cost !== 'grow' && length >= 0 && length <= (isTable ? SHORT_ELEMENTS : SHORT_BYTES)) {
      this.#control.more(length * (isTable ? PER_ELEMENT : PER_BYTE))
      if (this.#fuelCosts !== undefined) this.#control.fuel += this.#helpers.fuelOf(isTable, length)
    } else this.#control.help(reader, this.#helpers.number(reader))
  }
}

const SIMD = 0xfd

function passesVectors(type: TypeDef): boolean {
  return type.kind === 'func' && (type.type.params.includes('v128') || type.type.results.includes('v128'))
}

/** The end of a number whose first byte says that it goes on, if it has four at most; else -1. So short, any number is right. */
function endOfNumber(bytes: Uint8Array, from: number, last: number): number {
  for (let at = from; at < from + 3 && at <= last; at++) if ((bytes[at] as number) < 0x80) return at + 1
  return -1
}
