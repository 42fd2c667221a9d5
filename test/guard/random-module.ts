/** Small random modules, valid by construction: nested blocks, loops, ifs, jumps, calls and handlers, and code that is never reached. */

import { type BlockType, type ImmediateValue, instruction, Writer } from '../../src/wasm/writer.ts'
import { pseudoRandom } from '../wasm/decode.ts'

/** Indices of the module's types. */
const NOTHING = 0
const UNARY = 1
const PAIR = 2
const FUNCTIONS = 5
const LOCALS = 4
const TAG = 0

export type Exceptions = 'none' | 'legacy' | 'new'

/** The functions are exported as `f0`, `f1`, ...; each takes and returns an i32. */
export function randomModule(seed: number): Uint8Array<ArrayBuffer> {
  return new Generator(seed).module()
}

interface Label {
  readonly arity: number
}

class Generator {
  readonly #random: (below: number) => number
  readonly #exceptions: Exceptions
  #code = new Writer()
  #labels: Label[] = []
  #left = 0

  constructor(seed: number) {
    this.#random = pseudoRandom(seed)
    for (let warm = 0; warm < 5; warm++) this.#random(2)
    this.#exceptions = (['none', 'legacy', 'new'] as const)[this.#random(3)] as Exceptions
  }

  module(): Uint8Array<ArrayBuffer> {
    const writer = new Writer()
    writer.header()
    writer.section(1, (w) => w.bytes(Uint8Array.of(3, 0x60, 0, 0, 0x60, 1, 0x7f, 1, 0x7f, 0x60, 2, 0x7f, 0x7f, 2, 0x7f, 0x7f)))
    writer.section(3, (w) => w.bytes(Uint8Array.of(FUNCTIONS, ...new Array(FUNCTIONS).fill(UNARY))))
    writer.section(4, (w) => w.bytes(Uint8Array.of(1, 0x70, 1, FUNCTIONS, FUNCTIONS)))
    writer.section(5, (w) => w.bytes(Uint8Array.of(1, 1, 1, 4)))
    writer.section(13, (w) => w.bytes(Uint8Array.of(1, 0, NOTHING)))
    writer.section(7, (w) =>
      w.vec(
        Array.from({ length: FUNCTIONS }, (_, index) => index),
        (index) => {
          w.name(`f${index}`)
          w.u8(0)
          w.u32(index)
        },
      ),
    )
    writer.section(9, (w) => w.bytes(Uint8Array.of(1, 0, 0x41, 0, 0x0b, FUNCTIONS, ...Array.from({ length: FUNCTIONS }, (_, index) => index))))
    writer.section(10, (w) => {
      w.u32(FUNCTIONS)
      for (let index = 0; index < FUNCTIONS; index++) this.#body(w)
    })
    return writer.finish()
  }

  #body(out: Writer): void {
    out.sized((w) => {
      w.bytes(Uint8Array.of(1, LOCALS - 1, 0x7f))
      this.#code = w
      this.#labels = [{ arity: 1 }]
      this.#left = 5 + this.#random(60)
      this.#statements(0)
      this.#op('local.get', this.#local())
      this.#op('end')
    })
  }

  #op(name: string, ...values: readonly ImmediateValue[]): void {
    instruction(this.#code, name, ...values)
  }

  #local(): number {
    return this.#random(LOCALS)
  }

  #statements(depth: number): void {
    for (let count = this.#random(6); count >= 0 && this.#left > 0; count--) {
      this.#left--
      this.#statement(depth)
    }
  }

  /** Leaves the operand stack as it was. */
  #statement(depth: number): void {
    const kind = this.#random(24)
    if (kind < 3) this.#arithmetic()
    else if (kind < 5) this.#access()
    else if (kind === 5) for (let many = this.#random(500); many > 0; many--) this.#access()
    else if (kind < 8) this.#call()
    else if (kind === 8) this.#bulk()
    else if (kind < 12) this.#jump()
    else if (depth < 8) this.#block(depth)
  }

  #arithmetic(): void {
    this.#op('local.get', this.#local())
    this.#op('local.get', this.#local())
    this.#op(['i32.add', 'i32.sub', 'i32.mul', 'i32.xor', 'i32.lt_u'][this.#random(5)] as string)
    this.#op(['local.set', 'local.set', 'local.tee'][this.#random(2)] as string, this.#local())
  }

  /** At an address that is in bounds. */
  #access(): void {
    const memarg = { align: 0, offset: this.#random(1000) }
    this.#op('local.get', this.#local())
    this.#op('i32.const', 0x7fff)
    this.#op('i32.and')
    if (this.#random(2) === 0) {
      this.#op('i32.load', memarg)
      this.#op('local.set', this.#local())
    } else {
      this.#op('local.get', this.#local())
      this.#op('i32.store', memarg)
    }
  }

  #call(): void {
    this.#op('local.get', this.#local())
    const kind = this.#random(5)
    if (kind < 3) this.#op('call', this.#random(FUNCTIONS))
    else {
      this.#op('i32.const', this.#random(FUNCTIONS))
      this.#op('call_indirect', UNARY, 0)
    }
    this.#op('local.set', this.#local())
  }

  #bulk(): void {
    const kind = this.#random(5)
    if (kind === 0) {
      this.#op('i32.const', this.#random(2))
      this.#op('memory.grow', 0)
      this.#op('local.set', this.#local())
      return
    }
    this.#op('i32.const', this.#random(1000))
    this.#op('i32.const', this.#random(1000))
    this.#op('i32.const', this.#random(3000))
    if (kind === 1) this.#op('memory.copy', 0, 0)
    else this.#op('memory.fill', 0)
  }

  #jump(): void {
    const kind = this.#random(9)
    if (kind === 0) this.#unlikely(() => this.#op(this.#random(2) === 0 ? 'return' : 'unreachable'), 1)
    else if (kind === 1) this.#unlikely(() => this.#op('return_call', this.#random(FUNCTIONS)), 1)
    else if (kind === 2 && this.#exceptions !== 'none') this.#unlikely(() => this.#op('throw', TAG), 0)
    else if (kind === 3) this.#brTable()
    else {
      const label = this.#random(this.#labels.length)
      const arity = this.#arityOf(label)
      this.#push(arity)
      if (kind < 7) {
        this.#op('local.get', this.#local())
        this.#op('br_if', label)
        for (let n = 0; n < arity; n++) this.#op('drop')
      } else this.#op('br', label) // what follows is not reached
    }
  }

  #arityOf(label: number): number {
    return (this.#labels[this.#labels.length - 1 - label] as Label).arity
  }

  #push(values: number): void {
    for (let n = 0; n < values; n++) this.#op('local.get', this.#local())
  }

  /** A jump under a condition. */
  #unlikely(jump: () => void, values: number): void {
    this.#op('local.get', this.#local())
    this.#op('i32.const', 3)
    this.#op('i32.and')
    this.#op('i32.eqz')
    this.#op('if', 'empty')
    this.#push(values)
    jump()
    this.#op('end')
  }

  #brTable(): void {
    const first = this.#random(this.#labels.length)
    const arity = this.#arityOf(first)
    const same = this.#labels.map((_, label) => label).filter((label) => this.#arityOf(label) === arity)
    const labels = Array.from({ length: 1 + this.#random(5) }, () => same[this.#random(same.length)] as number)
    this.#op('block', 'empty')
    this.#push(arity)
    this.#op('local.get', this.#local())
    // The block that was just opened is one label more
    this.#op(
      'br_table',
      labels.map((label) => label + 1),
    )
    this.#op('end')
  }

  #block(depth: number): void {
    const kind = this.#random(this.#exceptions === 'none' ? 7 : 10)
    const values = [0, 0, 1, 2][this.#random(4)] as number
    const type = (['empty', UNARY, PAIR] as const)[values] as BlockType
    this.#push(values)
    if (kind < 2) this.#plain('block', type, values, values, depth)
    else if (kind < 4) this.#plain('loop', type, values, values, depth)
    else if (kind < 7) this.#if(type, values, depth)
    else if (this.#exceptions === 'legacy') this.#try(type, values, depth)
    else this.#tryTable(type, values, depth)
    for (let n = 0; n < values; n++) this.#op('local.set', this.#local())
  }

  /** Contents of a block: its parameters are used up, its results left. */
  #contents(values: number, depth: number): void {
    for (let n = 0; n < values; n++) this.#op('local.set', this.#local())
    this.#statements(depth + 1)
    this.#push(values)
  }

  #plain(name: 'block' | 'loop', type: BlockType, values: number, arity: number, depth: number): void {
    this.#op(name, type)
    this.#labels.push({ arity })
    this.#contents(values, depth)
    this.#labels.pop()
    this.#op('end')
  }

  #if(type: BlockType, values: number, depth: number): void {
    this.#op('local.get', this.#local())
    this.#op('if', type)
    this.#labels.push({ arity: values })
    this.#contents(values, depth)
    if (this.#random(2) === 0) {
      this.#op('else')
      this.#contents(values, depth)
    }
    this.#labels.pop()
    this.#op('end')
  }

  #try(type: BlockType, values: number, depth: number): void {
    this.#op('try', type)
    this.#labels.push({ arity: values })
    this.#contents(values, depth)
    this.#labels.pop()
    const kind = this.#random(4)
    if (kind === 0) return this.#op('delegate', this.#random(this.#labels.length))
    this.#labels.push({ arity: values })
    if (kind < 3) this.#handler('catch', values, depth)
    if (kind > 1) this.#handler('catch_all', values, depth)
    this.#labels.pop()
    this.#op('end')
  }

  #handler(name: 'catch' | 'catch_all', values: number, depth: number): void {
    if (name === 'catch') this.#op(name, TAG)
    else this.#op(name)
    if (this.#random(4) === 0) this.#unlikely(() => this.#op('rethrow', 1), 0)
    this.#statements(depth + 1)
    this.#push(values)
  }

  #tryTable(type: BlockType, values: number, depth: number): void {
    const targets = this.#labels.map((_, label) => label).filter((label) => this.#arityOf(label) === 0)
    const label = targets[this.#random(targets.length)]
    if (label === undefined) return this.#plain('block', type, values, values, depth)
    const clauses = [{ kind: 'catch', tag: TAG, label } as const, { kind: 'catch_all', label } as const].filter(() => this.#random(3) > 0)
    this.#op('try_table', type, clauses)
    this.#labels.push({ arity: values })
    this.#contents(values, depth)
    this.#labels.pop()
    this.#op('end')
  }
}
