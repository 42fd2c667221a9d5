/** The functions that stand in for operations which take time by a length that is known only when they run: one or two for each. */
import { EXHAUSTED } from '../abi.ts'
import type { InstructionReader } from '../wasm/instructions.ts'
import type { ModuleInfo } from '../wasm/module.ts'
import type { AddressType, FuncType, ValType } from '../wasm/types.ts'
import type { Writer } from '../wasm/writer.ts'
import { type Additions, isNegative } from './additions.ts'
import { type Bulk, copy, fill, init, longCode, type Pay, quickCode } from './bulk.ts'
import { constant, get, type Step, set, writeBody } from './code.ts'
import { PAGE_TOUCH } from './costs.ts'
import type { FuelCosts } from './fuel-costs.ts'
import type { Maxima } from './growth.ts'

interface Helper {
  readonly type: FuncType
  /** Types of locals that it needs beside its parameters. */
  readonly locals: readonly ValType[]
  /** @param index its own, as a function */
  readonly code: (added: Additions, index: number) => readonly Step[]
}

const PAGE = 65_536
const PAGE_SHIFT = 16
/** What the operating system gives at a time. */
const TOUCH = 4_096

export class Helpers {
  readonly #module: ModuleInfo
  readonly #maxima: Maxima
  readonly #fuel: FuelCosts | undefined
  readonly #list: Helper[] = []
  readonly #numbers = new Map<number, number>()

  constructor(module: ModuleInfo, maxima: Maxima, fuel: FuelCosts | undefined) {
    this.#module = module
    this.#maxima = maxima
    this.#fuel = fuel
  }

  get types(): readonly FuncType[] {
    return this.#list.map(({ type }) => type)
  }

  /** What a bulk operation of a known length costs, beside the instruction. */
  fuelOf(isTable: boolean, length: number): number {
    if (this.#fuel === undefined) return 0
    return isTable ? length * this.#fuel.element : Math.floor((length * this.#fuel.kibibyte) / 1024)
  }

  /** The number of the helper that does what an instruction does. */
  number({ op, index0, index1 }: InstructionReader): number {
    const isPair = op.immediates.length > 1
    const key = (op.id * 0x20_0000 + index0) * 0x20_0000 + (isPair ? index1 : 0)
    let number = this.#numbers.get(key)
    if (number === undefined) {
      number = this.#list.length
      this.#numbers.set(key, number)
      this.#list.push(...this.#make(op.name, index0, index1))
    }
    return number
  }

  write(out: Writer, added: Additions): void {
    for (const [number, { locals, code }] of this.#list.entries()) writeBody(out, locals, code(added, added.functions.helpers + number))
  }

  #make(name: string, index0: number, index1: number): readonly Helper[] {
    const { memories, tables } = this.#module
    const [space, operation] = name.split('.') as ['memory' | 'table', string]
    const address = (index: number): AddressType => (space === 'memory' ? memories : tables)[index]?.limits.address ?? 'i32'
    const element = tables[index0]?.element ?? 'i32'
    switch (operation) {
      case 'fill':
        return this.#bulk(fill(space, index0, address(index0), space === 'memory' ? 'i32' : element))
      case 'copy':
        return this.#bulk(copy(space, index0, index1, address(index0), address(index1)))
      case 'init':
        return this.#bulk(init(space, index0, index1, address(index1)))
      default:
        return [space === 'memory' ? this.#growMemory(index0, address(index0)) : this.#growTable(index0, address(index0), element)]
    }
  }

  #bulk(bulk: Bulk): readonly Helper[] {
    const type: FuncType = { params: bulk.params, results: [] }
    const pay = (added: Additions): Pay => {
      const perLength = bulk.space === 'memory' ? this.#fuel?.kibibyte : this.#fuel?.element
      return (amount, length) => this.#pay(added, amount, [...length, ...(bulk.space === 'memory' ? perKibibyte(perLength) : perUnit(perLength))])
    }
    return [
      { type, locals: [], code: (added, index) => quickCode(bulk, pay(added), index + 1) },
      { type, locals: [], code: (added) => longCode(bulk, pay(added)) },
    ]
  }

  /** counter -= amount, fuel -= cost, where there is one. If one is negative, the slow path. */
  #pay(added: Additions, amount: readonly Step[], cost: readonly Step[]): Step[] {
    const { counter, fuel, functions } = added
    return [
      ...(amount.length === 0 ? [] : ([['global.get', counter], ...amount, ['i32.sub'], ['global.set', counter]] as const)),
      ...(fuel === undefined || cost.length === 0 ? [] : ([['global.get', fuel], ...cost, ['i64.sub'], ['global.set', fuel]] as const)),
      ...isNegative([['global.get', counter]], added),
      ['if', 'empty'],
      ['call', functions.slow],
      ['end'],
    ]
  }

  /**
   * Grows, polls, and touches the pages that came, which costs more than any access later: so it is paid for here, page by page. Others may
   * have written there by now, and a read would map the kernel's page of zeros, to be replaced at the first write for up to thirteen times
   * as much: so each is touched by comparing and exchanging zero for zero, which is a write from the start.
   */
  #growMemory(index: number, type: AddressType): Helper {
    const [pages, was, end, at] = [0, 1, 2, 3]
    const touch = (offset: number): Step[] => [
      get(at),
      ['i32.const', 0],
      ['i32.const', 0],
      ['i32.atomic.rmw8.cmpxchg_u', { align: 0, offset, memory: index }],
      ['drop'],
    ]
    const maximum = this.#maxima.memories[index] ?? 0n
    const isOwn = index >= this.#module.importedMemories
    return {
      type: { params: [type], results: [type] },
      locals: [type, type, type],
      code: (added) => [
        ...this.#payGrowth(added, pages, type, maximum, this.#fuel?.page),
        get(pages),
        ['memory.grow', index],
        set(was),
        ...(isOwn ? failedGrowth(added, was, ['memory.size', index], pages, type, maximum) : []),
        get(was),
        constant(type, -1),
        [`${type}.eq`],
        ['if', 'empty'],
        ['call', added.functions.poll],
        constant(type, -1),
        ['return'],
        ['end'],
        ['call', added.functions.poll],
        get(was),
        get(pages),
        [`${type}.add`],
        set(end),
        get(was),
        set(pages),
        ['block', 'empty'],
        ['loop', 'empty'],
        get(pages),
        get(end),
        [`${type}.ge_u`],
        ['br_if', 1],
        ...this.#pay(added, [['i32.const', (PAGE / TOUCH) * PAGE_TOUCH]], []),
        get(pages),
        constant(type, PAGE_SHIFT),
        [`${type}.shl`],
        set(at),
        ...Array.from({ length: PAGE / TOUCH }, (_, n) => touch(n * TOUCH)).flat(),
        get(pages),
        constant(type, 1),
        [`${type}.add`],
        set(pages),
        ['br', 0],
        ['end'],
        ['end'],
        get(was),
      ],
    }
  }

  #growTable(index: number, type: AddressType, element: ValType): Helper {
    const [value, count, was] = [0, 1, 2]
    const maximum = this.#maxima.tables[index] ?? 0n
    const isOwn = index >= this.#module.importedTables
    return {
      type: { params: [element, type], results: [type] },
      locals: [type],
      code: (added) => [
        ...this.#payGrowth(added, count, type, maximum, this.#fuel?.element),
        get(value),
        get(count),
        ['table.grow', index],
        set(was),
        ...(isOwn ? failedGrowth(added, was, ['table.size', index], count, type, maximum) : []),
        ['call', added.functions.poll],
        get(was),
      ],
    }
  }

  /** As much as it may grow to is the most that asking for more costs. */
  #payGrowth(added: Additions, count: number, type: AddressType, maximum: bigint, each: number | undefined): Step[] {
    if (added.fuel === undefined) return []
    const wide: Step[] = type === 'i64' ? [get(count)] : [get(count), ['i64.extend_i32_u']]
    const most: Step = ['i64.const', maximum]
    const atMost: Step[] = [...wide, most, ...wide, most, ['i64.lt_u'], ['select']]
    return this.#pay(added, [], [...atMost, ...perUnit(each)])
  }
}

const perUnit = (each = 0): Step[] => [['i64.const', BigInt(each)], ['i64.mul']]
const perKibibyte = (each = 0): Step[] => [...perUnit(each), ['i64.const', 10n], ['i64.shr_u']]

/** With fuel, growing that fails although its limit allows it is a stop: whether there is memory must not be seen. */
function failedGrowth({ fuel, functions }: Additions, was: number, size: Step, count: number, type: AddressType, maximum: bigint): Step[] {
  if (fuel === undefined) return []
  const wide: Step[] = type === 'i64' ? [] : [['i64.extend_i32_u']]
  return [
    get(was),
    constant(type, -1),
    [`${type}.eq`],
    ['if', 'empty'],
    // maximum - size, which is not negative
    ['i64.const', maximum],
    size,
    ...wide,
    ['i64.sub'],
    get(count),
    ...wide,
    ['i64.ge_u'],
    ['if', 'empty'],
    ['i32.const', EXHAUSTED.memory],
    ['call', functions.exhausted],
    ['end'],
    ['end'],
  ]
}
