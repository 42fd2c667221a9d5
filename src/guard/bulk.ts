/**
 * Bulk operations on memories and tables, as functions: one pays before it works, and hands what is long to another that does it in chunks,
 * with a check before each. What can be seen of them is the same: all bounds are checked before anything is written, and copies that
 * overlap go from the end that is safe.
 */
import type { AddressType, ValType } from '../wasm/types.ts'
import { constant, get, type Step, set } from './code.ts'
import { BULK_BASE, CHUNK_BYTES, CHUNK_ELEMENTS, PER_BYTE, PER_ELEMENT } from './costs.ts'

/** What a bulk operation works on. */
export interface Bulk {
  readonly space: 'memory' | 'table'
  readonly params: readonly [ValType, ValType, ValType]
  /** Type of the length, which is the last parameter. */
  readonly length: AddressType
  /** The operation itself, on what is on the stack. */
  readonly operation: Step
  /** Leaves 1 if a range is out of bounds, for all that can be told without trying. */
  readonly isOutside: readonly Step[]
  /** Traps if some range that only the operation can judge is out of bounds. */
  readonly tries: readonly Step[]
  /** Repeats the operation on a chunk, and moves on. */
  readonly chunks: (payChunk: readonly Step[]) => readonly Step[]
}

/** Takes from the counter what is on top of the stack, and from the fuel what a length costs. */
export type Pay = (amount: readonly Step[], length: readonly Step[]) => readonly Step[]

const PAGE_SHIFT = 16n
const isBytes = (space: Bulk['space']): boolean => space === 'memory'
const chunkOf = (space: Bulk['space']): number => (isBytes(space) ? CHUNK_BYTES : CHUNK_ELEMENTS)
const weightOf = (space: Bulk['space']): number => (isBytes(space) ? PER_BYTE : PER_ELEMENT)

const ALL = [get(0), get(1), get(2)]
const narrow = (type: AddressType): Step[] => (type === 'i64' ? [['i32.wrap_i64']] : [])
const wide = (local: number, type: AddressType): Step[] => (type === 'i64' ? [get(local)] : [get(local), ['i64.extend_i32_u']])

/** Pays for a length that is no more than a chunk. */
function payShort({ space, length }: Bulk, pay: Pay): readonly Step[] {
  return pay([get(2), ...narrow(length), ['i32.const', weightOf(space)], ['i32.mul'], ['i32.const', BULK_BASE], ['i32.add']], wide(2, length))
}

/** In place of the operation. @param long the function for what is longer than a chunk */
export function quickCode(bulk: Bulk, pay: Pay, long: number): Step[] {
  const { space, length, operation } = bulk
  const chunk = constant(length, chunkOf(space))
  return [get(2), chunk, [`${length}.gt_u`], ['if', 'empty'], ...ALL, ['call', long], ['else'], ...payShort(bulk, pay), ...ALL, operation, ['end']]
}

/** What is out of bounds is tried, for its trap; the rest is done chunk by chunk, and what is left at the end. */
export function longCode(bulk: Bulk, pay: Pay): Step[] {
  const { space, operation, isOutside, tries, chunks } = bulk
  const size = chunkOf(space)
  const payChunk = pay([['i32.const', BULK_BASE + size * weightOf(space)]], [['i64.const', BigInt(size)]])
  return [...isOutside, ['if', 'empty'], ...ALL, operation, ['return'], ['end'], ...tries, ...chunks(payChunk), ...payShort(bulk, pay), ...ALL, operation]
}

/** Leaves 1 if a range ends outside its memory or table, or past the end of all addresses. */
function rangeIsOutside(space: Bulk['space'], index: number, start: number, type: AddressType, length: AddressType): Step[] {
  const end: Step[] = [...wide(start, type), ...wide(2, length), ['i64.add']]
  const size: Step[] = [[`${space}.size`, index], ...(type === 'i64' ? [] : ([['i64.extend_i32_u']] as const))]
  if (isBytes(space)) size.push(['i64.const', PAGE_SHIFT], ['i64.shl'])
  return [...end, ...size, ['i64.gt_u'], ...end, ...wide(start, type), ['i64.lt_u'], ['i32.or']]
}

const advance = (local: number, type: AddressType, by: number): Step[] => [get(local), constant(type, by), [`${type}.add`], set(local)]

/** Repeats until no more than a chunk is left. */
const whileLonger = (type: AddressType, size: number, steps: readonly Step[]): Step[] => [
  ['loop', 'empty'],
  ...steps,
  ...advance(2, type, -size),
  get(2),
  constant(type, size),
  [`${type}.gt_u`],
  ['br_if', 0],
  ['end'],
]

export function fill(space: Bulk['space'], index: number, type: AddressType, element: ValType): Bulk {
  const operation: Step = [`${space}.fill`, index]
  const size = chunkOf(space)
  return {
    space,
    params: [type, element, type],
    length: type,
    operation,
    isOutside: rangeIsOutside(space, index, 0, type, type),
    tries: [],
    chunks: (payChunk) => whileLonger(type, size, [...payChunk, get(0), get(1), constant(type, size), operation, ...advance(0, type, size)]),
  }
}

export function copy(space: Bulk['space'], to: number, from: number, toType: AddressType, fromType: AddressType): Bulk {
  const length = toType === 'i64' && fromType === 'i64' ? 'i64' : 'i32'
  const operation: Step = [`${space}.copy`, to, from]
  const size = chunkOf(space)
  const chunk = constant(length, size)
  const forwards = (payChunk: readonly Step[]): Step[] =>
    whileLonger(length, size, [...payChunk, get(0), get(1), chunk, operation, ...advance(0, toType, size), ...advance(1, fromType, size)])
  /** The last chunk of what is left. */
  const last = (address: number, type: AddressType): Step[] => [
    get(address),
    get(2),
    ...(type === length ? [] : ([['i64.extend_i32_u']] as const)),
    [`${type}.add`],
    constant(type, -size),
    [`${type}.add`],
  ]
  const backwards = (payChunk: readonly Step[]): Step[] => whileLonger(length, size, [...payChunk, ...last(0, toType), ...last(1, fromType), chunk, operation])
  return {
    space,
    params: [toType, fromType, length],
    length,
    operation,
    isOutside: [...rangeIsOutside(space, to, 0, toType, length), ...rangeIsOutside(space, from, 1, fromType, length), ['i32.or']],
    tries: [],
    // Two of the same type may be one, imported twice
    chunks: (payChunk) =>
      toType === fromType
        ? [get(0), get(1), [`${toType}.gt_u`], ['if', 'empty'], ...backwards(payChunk), ['else'], ...forwards(payChunk), ['end']]
        : forwards(payChunk),
  }
}

/** How long a segment is, and whether it was dropped, only the operation can tell: one of no length, at its end. */
export function init(space: Bulk['space'], segment: number, index: number, type: AddressType): Bulk {
  const operation: Step = [`${space}.init`, segment, index]
  const size = chunkOf(space)
  const end: Step[] = [get(1), get(2), ['i32.add']]
  return {
    space,
    params: [type, 'i32', 'i32'],
    length: 'i32',
    operation,
    isOutside: [...rangeIsOutside(space, index, 0, type, 'i32'), ...end, get(1), ['i32.lt_u'], ['i32.or']],
    tries: [get(0), ...end, ['i32.const', 0], operation],
    chunks: (payChunk) =>
      whileLonger('i32', size, [...payChunk, get(0), get(1), ['i32.const', size], operation, ...advance(0, type, size), ...advance(1, 'i32', size)]),
  }
}
