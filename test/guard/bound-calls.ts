/**
 * Random graphs of calls: functions with light and heavy work before, between and after their calls, which are direct, by a table, by a
 * reference, in the place of the caller, in loops, in arms and in handlers. Valid by construction. What they do ends by itself only in that
 * they pass on a number, one less each time: calls go that deep, and as wide as they like.
 */

import { type ImmediateValue, instruction, Writer } from '../../src/wasm/writer.ts'
import { Random } from '../fuzz/random.ts'

/** [i32] -> [], [] -> [], [i32, i32] -> [] */
const TYPES = Uint8Array.of(3, 0x60, 1, 0x7f, 0, 0x60, 0, 0, 0x60, 2, 0x7f, 0x7f, 0)
const UNARY = 0
const BINARY = 2
const TAG = 0
/** The local that loops count down. */
const LEFT = 2

/** Functions `f0`, `f1`, ..., all exported, each with one parameter or two: how deep calls may go first. */
export function randomCalls(seed: number): Uint8Array<ArrayBuffer> {
  return new Graph(new Random(seed)).module()
}

class Graph {
  readonly #random: Random
  /** By function: its type. */
  readonly #types: readonly number[]
  readonly #isLegacy: boolean
  /** Do functions call any other, or those after them? Then there are no circles. */
  readonly #hasCircles: boolean
  #code = new Writer()
  #function = 0
  #budget = 0

  constructor(random: Random) {
    this.#random = random
    this.#types = Array.from({ length: random.between(2, 10) }, () => (random.oneIn(3) ? BINARY : UNARY))
    this.#isLegacy = random.oneIn(2)
    this.#hasCircles = !random.oneIn(4)
  }

  module(): Uint8Array<ArrayBuffer> {
    const writer = new Writer()
    const types = this.#types
    const all = Uint8Array.from(types, (_, index) => index)
    const bodies = types.map((_, at) => this.#body(at))
    writer.header()
    writer.section(1, (w) => w.bytes(TYPES))
    writer.section(3, (w) => w.vec(types, (type) => w.u32(type)))
    writer.section(4, (w) => w.bytes(Uint8Array.of(1, 0x70, 0, types.length)))
    writer.section(13, (w) => w.bytes(Uint8Array.of(1, 0, 1)))
    writer.section(7, (w) =>
      w.vec([...all], (index) => {
        w.name(`f${index}`)
        w.u8(0)
        w.u32(index)
      }),
    )
    writer.section(9, (w) => w.bytes(Uint8Array.of(1, 0, 0x41, 0, 0x0b, types.length, ...all)))
    writer.section(10, (w) => w.vec(bodies, (body) => w.sized((inner) => inner.append(body))))
    return writer.finish()
  }

  #body(at: number): Writer {
    this.#code = new Writer()
    this.#function = at
    this.#budget = this.#random.between(2, 14)
    this.#code.bytes(Uint8Array.of(1, LEFT + 2 - (this.#types[at] === BINARY ? 2 : 1), 0x7f))
    if (!this.#random.oneIn(5)) {
      this.#op('local.get', 0)
      this.#op('i32.eqz')
      if (this.#random.oneIn(2)) this.#op('br_if', 0)
      else {
        this.#op('if', 'empty')
        this.#work()
        this.#op('return')
        this.#op('end')
      }
    }
    this.#statements(0)
    this.#op('end')
    return this.#code
  }

  #op(name: string, ...values: readonly ImmediateValue[]): void {
    instruction(this.#code, name, ...values)
  }

  #statements(depth: number): void {
    for (let count = this.#random.between(1, 4); count > 0 && this.#budget > 0; count--) {
      this.#budget--
      this.#statement(depth)
    }
  }

  #statement(depth: number): void {
    const kind = this.#random.below(depth < 4 ? 13 : 7)
    if (kind < 3) this.#work()
    else if (kind < 7) this.#call()
    else if (kind < 9) this.#arms(depth)
    else if (kind === 9) this.#block(depth)
    else if (kind < 12) this.#loop(depth)
    else this.#handler(depth)
  }

  /** Divisions, from none to more than a check may let pass. */
  #work(): void {
    const most = this.#random.pick([1, 3, 12, 40, 99, 220])
    for (let many = this.#random.below(most + 1); many > 0; many--) {
      this.#op('local.get', 0)
      this.#op('i32.const', 7)
      this.#op('i32.div_u')
      this.#op('drop')
    }
  }

  #callee(): number | undefined {
    const { length } = this.#types
    if (this.#hasCircles) return this.#random.below(length)
    const after = length - this.#function - 1
    return after === 0 ? undefined : this.#function + 1 + this.#random.below(after)
  }

  #call(): void {
    const callee = this.#callee()
    if (callee === undefined) return
    const type = this.#types[callee] as number
    const isTail = this.#random.oneIn(8)
    // What follows a call in the caller's place is not reached: only under a condition
    if (isTail) this.#condition()
    for (let n = type === BINARY ? 2 : 1; n > 0; n--) {
      this.#op('local.get', 0)
      this.#op('i32.const', 1)
      this.#op('i32.sub')
    }
    const prefix = isTail ? 'return_' : ''
    const kind = this.#random.below(5)
    if (kind < 3) this.#op(`${prefix}call`, callee)
    else if (kind === 3) {
      this.#op('i32.const', callee)
      this.#op(`${prefix}call_indirect`, type, 0)
    } else {
      this.#op('ref.func', callee)
      this.#op(`${prefix}call_ref`, type)
    }
    if (isTail) this.#op('end')
  }

  /** Opens an if. */
  #condition(): void {
    this.#op('local.get', 0)
    this.#op('i32.const', this.#random.below(4))
    this.#op('i32.and')
    this.#op('if', 'empty')
  }

  #arms(depth: number): void {
    this.#condition()
    if (!this.#random.oneIn(4)) this.#statements(depth + 1)
    if (this.#random.oneIn(5)) this.#op('return')
    if (this.#random.oneIn(2)) {
      this.#op('else')
      this.#statements(depth + 1)
      if (this.#random.oneIn(5)) this.#op('return')
    }
    this.#op('end')
  }

  #block(depth: number): void {
    this.#op('block', 'empty')
    this.#statements(depth + 1)
    this.#op('local.get', 0)
    if (this.#random.oneIn(2)) this.#op('br_if', 0)
    else
      this.#op(
        'br_table',
        Array.from({ length: this.#random.between(1, 4) }, () => this.#random.below(depth + 2)),
      )
    if (this.#random.oneIn(2)) this.#statements(depth + 1)
    this.#op('end')
  }

  /** Goes around some times, or only under a condition that is false. */
  #loop(depth: number): void {
    this.#op('i32.const', this.#random.below(6))
    this.#op('local.set', LEFT)
    this.#op('loop', 'empty')
    this.#statements(depth + 1)
    this.#op('local.get', LEFT)
    this.#op('i32.const', 1)
    this.#op('i32.sub')
    this.#op('local.tee', LEFT)
    this.#op('i32.const', 0)
    this.#op('i32.gt_s')
    this.#op('br_if', this.#random.oneIn(6) ? this.#random.below(depth + 2) : 0)
    if (this.#random.oneIn(3)) this.#work()
    this.#op('end')
  }

  #handler(depth: number): void {
    if (this.#isLegacy) this.#op('try', 'empty')
    else {
      this.#op('block', 'empty')
      this.#op('try_table', 'empty', [this.#random.oneIn(2) ? { kind: 'catch', tag: TAG, label: 0 } : { kind: 'catch_all', label: 0 }])
    }
    this.#statements(depth + (this.#isLegacy ? 1 : 2))
    if (this.#random.oneIn(2)) {
      this.#condition()
      this.#op('throw', TAG)
      this.#op('end')
    }
    if (!this.#isLegacy) this.#op('end')
    else if (this.#random.oneIn(4)) return this.#op('delegate', this.#random.below(depth + 1))
    else this.#op('catch', TAG)
    this.#work()
    this.#op('end')
  }
}
