/**
 * What work is worth, in units of the counter (an eighth of a nanosecond), and how much of it may go unchecked. The weights are what
 * `npm run bench -- --only weights` measures, rounded up; see docs/guard.md for what is behind the other figures.
 */
import { type CostClass, OPCODES } from '../wasm/opcodes.ts'

/** By class, as far as it does not depend on an operand. What does is charged when it runs, see `PER_BYTE` and `PER_ELEMENT`. */
const CLASS_WEIGHTS: Readonly<Record<CostClass, number>> = {
  free: 0,
  simple: 2,
  multiply: 8,
  divide: 80,
  // With subnormal numbers some processors take ten times as long; see docs/guard.md
  float: 32,
  'float-divide': 80,
  convert: 40,
  'simd-slow': 80,
  // What the third cache takes, not main memory: see docs/guard.md
  load: 160,
  store: 160,
  atomic: 240,
  wait: 4_000,
  global: 6,
  table: 60,
  branch: 8,
  br_table: 24,
  call: 24,
  'call-indirect': 80,
  throw: 16_000,
  'bulk-memory': 400,
  'bulk-table': 400,
  'bulk-array': 400,
  // Polls right after, whatever is left
  grow: 2_000,
  size: 8,
  reference: 8,
  cast: 60,
  allocate: 8_000,
}

/** What costs more than others of its class. A `table.set` also writes what `call_indirect` reads; a reference to a function is made when it is first taken. */
const EXCEPTIONS: Readonly<Record<string, number>> = { 'table.set': 240, 'table.get': 1_000, 'ref.func': 1_000 }

/** Weight by opcode id. */
export const WEIGHTS: Int32Array = Int32Array.from(OPCODES, (op) => EXCEPTIONS[op.name] ?? CLASS_WEIGHTS[op.cost])

/** An access to memory that is close to one just before, from the same base: see `places.ts`. */
export const NEAR_WEIGHT = 32
/** So many bytes apart is close. */
export const NEAR = 2_048

/** What entering a function costs, beside what its body does. */
export const ENTRY_WEIGHT = 16
/**
 * What it costs more in a module of more functions than these, whose code may be in no cache: 180,000 of them, called in an order that nothing foresees,
 * take 60 to 200 ns each.
 */
export const MANY_FUNCTIONS = 2_000
export const FAR_ENTRY = 240
/** A local of a function that is entered: they are set to zero, all of them. */
export const PER_LOCAL = 2
/** A call, jump or block end that carries more values than these moves each of them, for so much. */
export const FEW_VALUES = 8
export const PER_VALUE = 6
/** What halving the targets of a br_table once costs, mispredicted. */
export const PER_LABEL_BIT = 32
/** Entering a try pays for the exception that passes it, and for each clause that this is compared with. */
export const TRY_WEIGHT = 3_200
export const PER_CLAUSE = 560
/** What a handler pays for the exception that it caught. */
export const CATCH_WEIGHT = 16_000

/** Giving what was computed the one form of NaN. */
export const CANONICAL_WEIGHT = 40

/** What a bulk operation costs beside its length. */
export const BULK_BASE = 400
/** A byte of a memory.fill, copy or init: both pages may be touched for the first time. */
export const PER_BYTE = 6
/** An element of a table.fill, copy or init. */
export const PER_ELEMENT = 240
/** So much of a bulk operation goes unchecked: 50 us of bytes, 30 us of elements. */
export const CHUNK_BYTES = 65_536
export const CHUNK_ELEMENTS = 1_024
/** A bulk operation whose length is known and no longer stays as it is. */
export const SHORT_BYTES = 4_096
export const SHORT_ELEMENTS = 32
/** The first touch of 4 KiB that a memory has grown by. */
export const PAGE_TOUCH = 12_000

/** Within a function, a check comes once a path has so much work behind it, 1 us; with its last piece it may weigh nearly twice that. */
export const SEGMENT = 8_000
/** The most that a function without a check at its entry may do until its first, so that its callers pay. */
export const UNCHECKED = 8_000
/**
 * What may be done after a call in a circle of calls returns, without a check on the way: a poll inside takes no account of what its
 * callers paid for before, and a full stack has tens of thousands of frames.
 */
export const LIGHT = 160
/** A check on the way back from a call in a circle charges at least this, and no more than this may have been owed until it. */
export const TOLL = 8_000
/** What all frames of a stack may owe together, in functions that no circle of calls goes through: 50 us. */
export const TAILS = 400_000

/** Loops of so many bytes are written four times, and of so many twice, with one check for all. */
export const FOUR_TIMES = 64
export const TWICE = 256
/** A loop with more jumps back than this is checked at its header, and otherwise before each of them. */
export const FEW_BACKS = 4
