/**
 * Hard caps on what loading a module may cost the thread that loads it, each with its reason.
 * Every cap can be overridden for a module that is trusted (`loadModule(..., { caps })`, `guard(bytes, { caps })`).
 */

/** What a module may hold. Bytes, or counts. */
export interface Caps {
  /** Size of one guarded function body, bytes: V8 compiles a function lazily, on the calling thread, without an interrupt. The largest real ones seen are 200 KB. */
  readonly functionSize: number
  /** (locals + operand-stack height) x control instructions of one guarded function: what V8's baseline compiler takes up to 12 ns each for. The largest of 46 real modules has 2.3 million; the cap is some 30 ms, as much as a body of `functionSize` may take. */
  readonly functionComplexity: number
  /** Types with their parameters and results, all together: what the host sends between threads and describes. The largest of 55 real modules has 6,188. */
  readonly types: number
  /** 900,000 exports take V8 2 to 8 s, on the calling thread and again at every restart. */
  readonly exports: number
  /** Each import is looked up and linked at every instantiation. */
  readonly imports: number
  /** Each global is initialised at every instantiation. */
  readonly globals: number
  /** Each table is an allocation on the JS heap at every instantiation. */
  readonly tables: number
  /** Elements of all tables together, and entries of all active element segments: 5 MB of segments take 0.5 s. */
  readonly tableElements: number
  /** Each memory reserves address space; some 13,000 fit a process. */
  readonly memories: number
  /** Bytes of all active data segments: copied at every instantiation. */
  readonly activeData: number
  /** Guarded size divided by the size of the source, above a floor of 64 KiB. */
  readonly growth: number
  /** Values of one exception tag: a `throw` allocates them on the JS heap. */
  readonly tagValues: number
  /** Handlers in a row, in one function, that an exception may pass without meeting one that catches everything: V8 stops at each. Compilers nest a few. */
  readonly handlers: number
  /** Nesting of blocks in one function. */
  readonly nesting: number
}

export const CAPS: Caps = Object.freeze({
  functionSize: 1024 * 1024,
  functionComplexity: 2_500_000,
  types: 20_000,
  exports: 10_000,
  imports: 10_000,
  globals: 10_000,
  tables: 16,
  tableElements: 100_000,
  memories: 4,
  activeData: 16 * 1024 * 1024,
  growth: 4,
  tagValues: 16,
  handlers: 16,
  nesting: 10_000,
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
export const DEFAULT_SLICE = 1
export const DEFAULT_START_TIMEOUT = 1_000
export const DEFAULT_NESTED_TIMEOUT = 10
/** How long `use` may hold an instance when nothing else bounds it. */
export const DEFAULT_LEASE_TIMEOUT = 60_000
