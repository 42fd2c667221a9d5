/**
 * What work is worth, in units of the counter (a quarter of a nanosecond of the worst case), and how much of it may go unchecked.
 */
import { type CostClass, OPCODES } from '../wasm/opcodes.ts'

/** By class: the worst case as far as it does not depend on an operand. What does is charged when it runs, see `PER_BYTE` and `PER_ELEMENT`. */
const CLASS_WEIGHTS: Readonly<Record<CostClass, number>> = {
  free: 0,
  simple: 2,
  multiply: 6,
  divide: 60,
  float: 8,
  'float-divide': 60,
  convert: 20,
  'simd-slow': 60,
  // A cache miss, not a page's first touch: those are few for each page that a memory has, see docs/guard.md
  load: 160,
  store: 160,
  atomic: 240,
  wait: 2_000,
  global: 6,
  table: 40,
  branch: 4,
  br_table: 16,
  call: 24,
  'call-indirect': 80,
  throw: 8_000,
  'bulk-memory': 400,
  'bulk-table': 400,
  'bulk-array': 200,
  // Polls right after, whatever is left
  grow: 1_000,
  size: 8,
  reference: 8,
  cast: 40,
  allocate: 4_000,
}

/** What costs more than others of its class. A `table.set` also writes what `call_indirect` reads. */
const EXCEPTIONS: Readonly<Record<string, number>> = { 'table.set': 160 }

/** Weight by opcode id. */
export const WEIGHTS: Int32Array = Int32Array.from(OPCODES, (op) => EXCEPTIONS[op.name] ?? CLASS_WEIGHTS[op.cost])

/** What entering a function costs, beside what its body does. */
export const ENTRY_WEIGHT = 16
/** A local of a function that is entered: they are set to zero, all of them. */
export const PER_LOCAL = 2
/** A call, jump or block end that carries more values than these moves each of them, for so much. */
export const FEW_VALUES = 8
export const PER_VALUE = 4
/** What halving the targets of a br_table once costs, mispredicted. */
export const PER_LABEL_BIT = 16
/** Entering a try pays for the exception that passes it, and for each clause that this is compared with. */
export const TRY_WEIGHT = 1_600
export const PER_CLAUSE = 280
/** What a handler pays for the exception that it caught. */
export const CATCH_WEIGHT = 8_000

/** A byte of a memory.fill, copy or init: both pages may be touched for the first time. */
export const PER_BYTE = 3
/** An element of a table.fill, copy or init. */
export const PER_ELEMENT = 160
/** A longer bulk operation ends with a poll, whatever its length. */
export const BULK_POLL = 65_536

/**
 * What may be done after a call returns without another check. A poll inside the call takes no account of work of its callers that
 * an earlier check paid for; returning through every frame of a full stack must stay short.
 */
export const LIGHT = 160
/** Within a function, where no loop or call intervenes, a check comes at the latest after this much work. */
export const SEGMENT = 40_000
/** How often straight-line code is looked at for the above. */
export const SPLIT_EVERY = 20_000
