/** What calls may spend, and how the budgets of host, module and call combine: the earliest end wins. */

/** Times in ms; 0 or absent: no limit. */
export interface Budget {
  /** Wall-clock time of a call, queueing included. */
  readonly execTimeout?: number | undefined
  /** Time that the guest itself runs, its host functions included. */
  readonly cpuTimeout?: number | undefined
}

/** Combined limits, ms; `Infinity` where there is none. */
export interface Allowance {
  readonly timeout: number
  readonly cpuTimeout: number
}

export const UNLIMITED: Allowance = { timeout: Number.POSITIVE_INFINITY, cpuTimeout: Number.POSITIVE_INFINITY }

/** A limit as a number to compare with. */
export function limitOf(ms: number | undefined): number {
  return ms === undefined || ms === 0 ? Number.POSITIVE_INFINITY : ms
}

/** A module's allowance: its own `execTimeout` in place of the host's, capped by `maxExecTimeout`; the smaller `cpuTimeout`. */
export function moduleAllowance(host: Budget & { readonly maxExecTimeout?: number | undefined }, module: Budget): Allowance {
  return {
    timeout: Math.min(limitOf(module.execTimeout ?? host.execTimeout), limitOf(host.maxExecTimeout)),
    cpuTimeout: Math.min(limitOf(module.cpuTimeout), limitOf(host.cpuTimeout)),
  }
}

/** A call's allowance: it can only tighten its module's. */
export function callAllowance(module: Allowance, call: { readonly timeout?: number | undefined; readonly cpuTimeout?: number | undefined }): Allowance {
  return { timeout: Math.min(module.timeout, limitOf(call.timeout)), cpuTimeout: Math.min(module.cpuTimeout, limitOf(call.cpuTimeout)) }
}
