/** The body of one function while it is written: its instructions, its locals, the labels that jumps can go to, and how much may still come. */
import type { FuncType, ValType } from '../../../../src/wasm/types.ts'
import { type BlockType, type ImmediateValue, instruction, Writer } from '../../../../src/wasm/writer.ts'
import type { Random } from '../../random.ts'
import { type FunctionShape, GAS, type Shape, SUM } from './shape.ts'
import { sameType, sameTypes } from './types.ts'

export interface Label {
  /** What a jump to it carries. */
  readonly types: readonly ValType[]
  readonly isLoop: boolean
}

/** What the kinds of code are made of, and they of it in turn. */
export interface Grammar {
  /** Pushes a value of the type. */
  readonly value: (code: Code, type: ValType) => void
  /** Leaves the operand stack as it was. */
  readonly statement: (code: Code) => void
}

interface Local {
  readonly type: ValType
  /** Counts a loop, or the like: nothing else may write it. */
  readonly reserved: boolean
}

function asI64(type: ValType): readonly (readonly [name: string, ...values: number[]])[] {
  switch (type) {
    case 'i32':
      return [['i64.extend_i32_s']]
    case 'i64':
      return []
    case 'f32':
      return [['i32.reinterpret_f32'], ['i64.extend_i32_u']]
    case 'f64':
      return [['i64.reinterpret_f64']]
    case 'v128':
      return [['i64x2.extract_lane', 0]]
    default:
      return [['ref.is_null'], ['i64.extend_i32_u']]
  }
}

/** Statements in each other. */
const DEEPEST = 9

export class Code {
  readonly random: Random
  readonly shape: Shape
  readonly self: FunctionShape
  /** In the index space of functions. */
  readonly index: number
  /** The innermost last. */
  readonly labels: Label[]
  /** How many instructions may still come, roughly. */
  left: number
  /** Of expressions and blocks in each other. */
  depth = 0
  readonly #grammar: Grammar
  readonly #out = new Writer(1024)
  readonly #locals: Local[]

  constructor(grammar: Grammar, random: Random, shape: Shape, self: FunctionShape, index: number, size: number) {
    this.#grammar = grammar
    this.random = random
    this.shape = shape
    this.self = self
    this.index = index
    this.left = size
    this.labels = [{ types: self.type.results, isLoop: false }]
    this.#locals = self.type.params.map((type) => ({ type, reserved: false }))
  }

  op(name: string, ...values: readonly ImmediateValue[]): void {
    this.left--
    instruction(this.#out, name, ...values)
  }

  value(type: ValType): void {
    this.#grammar.value(this, type)
  }

  values(types: readonly ValType[]): void {
    for (const type of types) this.value(type)
  }

  statements(most: number): void {
    if (this.depth > DEEPEST) return
    for (let count = this.random.below(most + 1); count > 0 && this.left > 0; count--) {
      this.depth++
      this.#grammar.statement(this)
      this.depth--
    }
  }

  /** Adds a local. */
  local(type: ValType, reserved = false): number {
    return this.#locals.push({ type, reserved }) - 1
  }

  /** A local of a type that anybody may write; a new one if there is none. Undefined where only a parameter can have the type. */
  someLocal(type: ValType): number | undefined {
    const found = [...this.#locals.keys()].filter((index) => this.isFree(index, type))
    if (found.length > 0 && !this.random.oneIn(8)) return this.random.pick(found)
    const defaultable = typeof type === 'string' || type.nullable
    if (!defaultable) return found.length > 0 ? this.random.pick(found) : undefined
    return this.local(type)
  }

  isFree(index: number, type: ValType): boolean {
    const local = this.#locals[index] as Local
    return !local.reserved && sameType(local.type, type)
  }

  blockType(params: readonly ValType[], results: readonly ValType[]): BlockType {
    if (params.length === 0 && results.length === 0) return 'empty'
    const [only] = results
    if (params.length === 0 && results.length === 1 && only !== undefined && !this.random.oneIn(4)) return only
    return this.typeOf({ params, results })
  }

  typeOf(type: FuncType): number {
    return this.shape.types.signature(type)
  }

  /** Writes a block whose parameters are on the stack, and are so at the start of its contents. */
  block(name: 'block' | 'loop' | 'if', params: readonly ValType[], results: readonly ValType[], contents: () => void): void {
    this.op(name, this.blockType(params, results))
    this.within({ types: name === 'loop' ? params : results, isLoop: name === 'loop' }, contents)
    this.op('end')
  }

  within(label: Label, contents: () => void): void {
    this.labels.push(label)
    this.depth++
    contents()
    this.depth--
    this.labels.pop()
  }

  /** Labels, as a jump names them, that take just these values. */
  labelsOf(types: readonly ValType[]): number[] {
    return [...this.labels.keys()].filter((at) => sameTypes((this.labels[at] as Label).types, types)).map((at) => this.labels.length - 1 - at)
  }

  labelTypes(label: number): readonly ValType[] {
    return (this.labels[this.labels.length - 1 - label] as Label).types
  }

  /** Functions of the module, imported ones first. */
  get functions(): readonly FunctionShape[] {
    return [...this.shape.importedFunctions, ...this.shape.functions]
  }

  get gas(): number {
    return this.shape.globals.filter(({ imported }) => imported).length + GAS
  }

  get sum(): number {
    return this.shape.globals.filter(({ imported }) => imported).length + SUM
  }

  /** Takes one of what limits recursion, and leaves on the stack if there was any. */
  takeGas(): void {
    const { gas } = this
    this.op('global.get', gas)
    this.op('i32.const', 1)
    this.op('i32.sub')
    this.op('global.set', gas)
    this.op('global.get', gas)
    this.op('i32.const', 0)
    this.op('i32.gt_s')
  }

  /**
   * Takes a value off the stack. Most often into the sum that is compared at the end: what nobody looks at might as well be wrong.
   */
  absorb(type: ValType): void {
    if (this.random.oneIn(6)) return this.op('drop')
    for (const [name, ...values] of asI64(type)) this.op(name, ...values)
    this.op('global.get', this.sum)
    this.op('i64.const', 31n)
    this.op('i64.mul')
    this.op('i64.add')
    this.op('global.set', this.sum)
  }

  /** Those on the stack, the last one first. */
  absorbAll(types: readonly ValType[]): void {
    for (const type of types.toReversed()) this.absorb(type)
  }

  /** Pushes a condition that holds seldom. */
  unlikely(): void {
    this.value('i32')
    this.op('i32.const', 3)
    this.op('i32.and')
    this.op('i32.const', 1)
    this.op('i32.eq')
  }

  /** The whole body: locals, instructions, `end`. */
  finish(): Writer {
    const body = new Writer(1024)
    const own = this.#locals.slice(this.self.type.params.length)
    const groups: { count: number; type: ValType }[] = []
    for (const { type } of own) {
      const last = groups.at(-1)
      if (last !== undefined && sameType(last.type, type)) last.count++
      else groups.push({ count: 1, type })
    }
    body.vec(groups, ({ count, type }) => {
      body.u32(count)
      body.valType(type)
    })
    body.append(this.#out)
    instruction(body, 'end')
    return body
  }
}
