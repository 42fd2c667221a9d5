/**
 * Hard caps on what loading a module may cost the thread that loads it, each with its reason.
 * Every cap can be overridden for a module that is trusted (`loadModule(..., { caps })`, `guard(bytes, { caps })`).
 */

/** What a module may hold. Bytes, or counts. Figures of real modules are those of 55 packages (`bench/real/`). */
export interface Caps {
  /** Size of one guarded function body. V8 compiles a function in one piece, for up to 45 ms a MiB. The largest real one has 690 KB. */
  readonly functionSize: number
  /** (locals + operand-stack height) x control instructions of one guarded function: what V8's baseline compiler takes up to 12 ns each for. The largest real one has 17 million. */
  readonly functionComplexity: number
  /** The same of all functions together: seconds, on the threads that V8 compiles on. The largest real one has 63 million. */
  readonly complexity: number
  /** Calls in all functions once guarded, checks included: V8 keeps 16 bytes on the JS heap for each, from the first call of the function that it is in, which takes 10 ns for each; and up to 96 for one through a reference. The largest real module has 334,921. */
  readonly calls: number
  /** Nesting of blocks in one function. */
  readonly nesting: number
  /** Nesting of loops in one function. V8's optimiser takes time by its square: 250 loops 0.15 s, 2,000 half a minute, in which the process cannot exit. */
  readonly loopNesting: number
  /** Handlers in a row, in one function, that an exception may pass without meeting one that catches everything: V8 stops at each. 15,000 frames with four each take 7 ms. Compilers nest up to four. */
  readonly handlers: number
  /** Words of 32 bits in the values of one exception tag: a `throw` allocates them on the JS heap, for as long as the guest holds on to it. Real ones have one. */
  readonly tagValues: number
  /** Types with their parameters and results, all together: what the host sends between threads and describes. The largest real module has 6,188. */
  readonly types: number
  /** Each import is looked up and linked at every instantiation. */
  readonly imports: number
  /** 900,000 exports take V8 2 to 8 s, on the calling thread and again at every restart. */
  readonly exports: number
  /** Bytes of all their names, which V8 makes strings of. The largest real module has 314 KB. */
  readonly exportNames: number
  /** An instance has something for each function: 900,000 take 20 ms. The largest real module but one (617,520) has 17,226. */
  readonly functions: number
  /** Each global is initialised at every instantiation. */
  readonly globals: number
  /** Each table is an allocation on the JS heap at every instantiation. */
  readonly tables: number
  /** Elements of all tables together, and entries of all element segments that are not declarative: 5 MB of segments take 0.5 s, passive ones at the first `table.init`. */
  readonly tableElements: number
  /** A million of them take 50 ms at every instantiation. */
  readonly elementSegments: number
  /** Each memory reserves address space; some 13,000 fit a process, see `AddressBudget`. */
  readonly memories: number
  /** Bytes of all active data segments: copied at every instantiation, for some 0.8 ms a MiB. */
  readonly activeData: number
  /** Each tag is an object at every instantiation. */
  readonly tags: number
  /** Bytes of initialisers and offsets that are more than a constant: V8 computes them at every instantiation, a million additions in 40 ms. */
  readonly initialisers: number
  /** Guarded size divided by the size of the source, above a floor of 64 KiB. */
  readonly growth: number
}

export const CAPS: Caps = Object.freeze({
  functionSize: 1024 * 1024,
  functionComplexity: 20_000_000,
  complexity: 200_000_000,
  calls: 500_000,
  nesting: 10_000,
  loopNesting: 100,
  handlers: 4,
  tagValues: 16,
  types: 20_000,
  imports: 10_000,
  exports: 10_000,
  exportNames: 1024 * 1024,
  functions: 200_000,
  globals: 10_000,
  tables: 16,
  tableElements: 100_000,
  elementSegments: 10_000,
  memories: 4,
  activeData: 8 * 1024 * 1024,
  tags: 1_000,
  initialisers: 65_536,
  growth: 4,
})

/** Limits on what a module's instance may grow to; a host's options, which the guard writes into the module. */
export interface GrowthLimits {
  /** Bytes, the sum of a module's memories. */
  readonly memoryLimit: number
  /** Elements, the sum of a module's tables. */
  readonly tableLimit: number
}

export const DEFAULT_MEMORY_LIMIT = 128 * 1024 * 1024
export const DEFAULT_TABLE_LIMIT = 100_000
export const DEFAULT_MODULE_SIZE_LIMIT = 64 * 1024 * 1024
export const DEFAULT_MAX_CONCURRENT = 1_000
export const DEFAULT_MAX_QUEUE = 10_000
/** Of bytes and text that a guest gives back: copying so much takes a few ms, and the event loop waits. */
export const DEFAULT_OUTPUT_LIMIT = 16 * 1024 * 1024
/** Of JSON: so much takes 50 ms to parse, if a plugin has made it to be dear. */
export const DEFAULT_JSON_LIMIT = 256 * 1024
export const DEFAULT_SLICE = 1
export const DEFAULT_START_TIMEOUT = 1_000
export const DEFAULT_NESTED_TIMEOUT = 10
/** How long `use` may hold an instance when nothing else bounds it. */
export const DEFAULT_LEASE_TIMEOUT = 60_000
/** How long a version of a module that was replaced may go on with its calls. */
export const DEFAULT_DRAIN_TIMEOUT = 30_000
