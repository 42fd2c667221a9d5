/** Bulk operations on memories and tables, with addresses and lengths around the limits of everything. */
import type { AddressType } from '../../../../src/wasm/types.ts'
import type { Code } from './code.ts'
import { number, PAGE } from './memory.ts'
import { sameType } from './types.ts'

/** Powers of two, one more and one less. */
const LENGTHS = [0, 2, 3, ...[0, 3, 4, 6, 8, 10, 12, 14, 15, 16, 17, 18, 20, 21].flatMap((bits) => [2 ** bits - 1, 2 ** bits, 2 ** bits + 1])]
const HUGE = [2n ** 31n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 63n, 2n ** 64n - 1n]

interface Range {
  readonly at: number | bigint
  readonly length: number | bigint
}

/** Where in something of so many bytes or elements, and how much of it. */
function range(code: Code, size: number): Range {
  const { random } = code
  if (random.oneIn(30)) return { at: random.pick(HUGE), length: random.pick([0, 1, random.pick(HUGE)]) }
  const length = random.oneIn(40) ? random.pick(HUGE) : random.oneIn(3) ? random.pick(LENGTHS) : random.spread(Math.max(1, size))
  if (typeof length === 'bigint') return { at: random.pick([0, 1, size]), length }
  // Begins near the start, ends near the end, or neither
  const slack = random.oneIn(12) ? random.pick([-1, 1]) : 0
  const at = random.pick([0, random.spread(16), Math.max(0, size - length + slack), random.below(size + 1)])
  return at + length > size && !random.oneIn(6) ? { at: 0, length: Math.min(length, size) } : { at, length }
}

/** The same, near another one, so that they overlap. */
function near(code: Code, { at, length }: Range): Range {
  const { random } = code
  if (typeof at === 'bigint') return { at: random.below(100), length }
  return { at: Math.max(0, at + random.pick([-1, 1, 0, -16, 16, random.between(-300, 300)])), length }
}

/** A number, or something that is not known before it runs but is as large at most. */
function operand(code: Code, type: AddressType, what: number | bigint): void {
  if (code.random.oneIn(10) && typeof what === 'number' && what > 1) {
    code.value(type)
    number(code, type, 2 ** Math.floor(Math.log2(what)) - 1)
    return code.op(`${type}.and`)
  }
  number(code, type, what)
}

/** The narrower of two. */
function both(a: AddressType, b: AddressType): AddressType {
  return a === 'i64' && b === 'i64' ? 'i64' : 'i32'
}

export function bulkMemory(code: Code): void {
  const { random, shape } = code
  if (shape.memories.length === 0) return bulkTable(code)
  const index = random.below(shape.memories.length)
  const { address, minimum } = shape.memories[index] as (typeof shape.memories)[number]
  const to = range(code, minimum * PAGE)
  const kind = random.below(10)
  if (kind < 4) {
    operand(code, address, to.at)
    code.value('i32')
    operand(code, address, to.length)
    code.op('memory.fill', index)
  } else if (kind < 8) {
    const sources = shape.memories.flatMap((memory, at) => (memory.address === address || shape.features.mixedCopies ? [at] : []))
    const source = random.pick(sources)
    const from = shape.memories[source] as (typeof shape.memories)[number]
    operand(code, address, to.at)
    operand(code, from.address, source === index ? near(code, to).at : range(code, from.minimum * PAGE).at)
    operand(code, both(address, from.address), to.length)
    code.op('memory.copy', index, source)
  } else if (shape.data.length > 0) {
    const segment = random.below(shape.data.length)
    if (random.oneIn(8)) return code.op('data.drop', segment)
    const part = range(code, shape.data[segment]?.length ?? 0)
    operand(code, address, to.at)
    operand(code, 'i32', part.at)
    operand(code, 'i32', part.length)
    code.op('memory.init', segment, index)
  }
}

export function bulkTable(code: Code): void {
  const { random, shape } = code
  if (shape.tables.length === 0) return
  const index = random.below(shape.tables.length)
  const { address, minimum, element } = shape.tables[index] as (typeof shape.tables)[number]
  const to = range(code, minimum)
  const kind = random.below(10)
  if (kind < 3) {
    operand(code, address, to.at)
    code.value(element)
    operand(code, address, to.length)
    code.op('table.fill', index)
  } else if (kind < 7) {
    const sources = shape.tables.flatMap((table, at) => (sameType(table.element, element) ? [at] : []))
    const source = random.pick(sources)
    const from = shape.tables[source] as (typeof shape.tables)[number]
    operand(code, address, to.at)
    operand(code, from.address, source === index ? near(code, to).at : range(code, from.minimum).at)
    operand(code, both(address, from.address), to.length)
    code.op('table.copy', index, source)
  } else if (kind === 7) {
    operand(code, address, random.below(Math.max(1, minimum)))
    code.value(element)
    code.op('table.set', index)
  } else if (element.heap === 'func' && shape.elements.length > 0) {
    const segment = random.below(shape.elements.length)
    if (random.oneIn(8)) return code.op('elem.drop', segment)
    const part = range(code, shape.elements[segment]?.length ?? 0)
    operand(code, address, to.at)
    operand(code, 'i32', part.at)
    operand(code, 'i32', part.length)
    code.op('table.init', segment, index)
  }
}
