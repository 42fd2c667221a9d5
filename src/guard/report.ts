/** What the guard has done to a module, for people and for who drives it. */

/** How many checks of each kind. */
export interface Checks {
  /** At a function's entry. */
  entry: number
  /** At a loop's header, before a jump back to it, and after copies of its body. */
  header: number
  back: number
  copies: number
  /** Where a caught exception arrives. */
  handler: number
  /** Before a call that may close a circle of calls, and after a call. */
  beforeCall: number
  afterCall: number
  /** Elsewhere on a function's way. */
  path: number
  /** Operations that a helper does, which checks as it goes. */
  helper: number
}

export const NO_CHECKS: Checks = Object.freeze({
  entry: 0,
  header: 0,
  back: 0,
  copies: 0,
  handler: 0,
  beforeCall: 0,
  afterCall: 0,
  path: 0,
  helper: 0,
})

/** What became of one function. */
export interface FunctionReport {
  /** In the module. */
  readonly index: number
  /** Bytes of its body. */
  readonly size: number
  readonly guardedSize: number
  readonly checks: Checks
  /** The most that one of its checks subtracts, in units of the counter. */
  readonly heaviest: number
  /** Do its callers pay for it, so that it has no check at its entry? */
  readonly isFree: boolean
  /** Places where fuel is subtracted. */
  readonly fuel: number
}

/** What the guard did. Sizes in bytes. */
export interface GuardReport {
  readonly checks: Checks
  readonly size: number
  readonly guardedSize: number
  /** What V8's baseline compiler will take for all functions together, in the units of `caps.functionComplexity`. */
  readonly complexity: number
  /** How many calls its code has now, those of checks and helpers included. */
  readonly calls: number
  /** Pages that each memory may grow to, elements that each table may. */
  readonly maxima: { readonly memories: readonly bigint[]; readonly tables: readonly bigint[] }
  /** One for each function with code, if `GuardOptions.perFunction`. */
  readonly functions?: readonly FunctionReport[]
}
