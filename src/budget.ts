/** What calls may spend, and how the budgets of host, module and call combine: the earliest end wins. */

/** Times in ms, fuel in units of the module's costs; 0 or absent: no limit. */
export interface Budget {
  /** Wall-clock time of a call, queueing included. */
  readonly execTimeout?: number | undefined
  /** Time that the guest itself runs, its host functions included. */
  readonly cpuTimeout?: number | undefined
  readonly fuel?: number | bigint | undefined
}

/** Combined limits, ms; `Infinity` where there is none. Fuel is `ALL_FUEL` where there is no limit. */
export interface Allowance {
  readonly timeout: number
  readonly cpuTimeout: number
  readonly fuel: bigint
}

/** More than any call can burn. */
export const ALL_FUEL: bigint = 2n ** 62n

export const UNLIMITED: Allowance = { timeout: Number.POSITIVE_INFINITY, cpuTimeout: Number.POSITIVE_INFINITY, fuel: ALL_FUEL }

/** A limit as a number to compare with. */
export function limitOf(ms: number | undefined): number {
  return ms === undefined || ms === 0 ? Number.POSITIVE_INFINITY : ms
}

/** The same for fuel. */
export function fuelLimitOf(fuel: number | bigint | undefined): bigint {
  if (fuel === undefined || fuel === Number.POSITIVE_INFINITY) return ALL_FUEL
  const units = BigInt(fuel)
  return units === 0n || units > ALL_FUEL ? ALL_FUEL : units
}

function lessFuel(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}

/** A module's allowance: its own `execTimeout` in place of the host's, capped by `maxExecTimeout`; the smaller `cpuTimeout` and fuel. */
export function moduleAllowance(host: Budget & { readonly maxExecTimeout?: number | undefined }, module: Budget): Allowance {
  return {
    timeout: Math.min(limitOf(module.execTimeout ?? host.execTimeout), limitOf(host.maxExecTimeout)),
    cpuTimeout: Math.min(limitOf(module.cpuTimeout), limitOf(host.cpuTimeout)),
    fuel: lessFuel(fuelLimitOf(module.fuel), fuelLimitOf(host.fuel)),
  }
}

/** A call's allowance: it can only tighten its module's. */
export function callAllowance(
  module: Allowance,
  call: { readonly timeout?: number | undefined; readonly cpuTimeout?: number | undefined; readonly fuel?: number | bigint | undefined },
): Allowance {
  return {
    timeout: Math.min(module.timeout, limitOf(call.timeout)),
    cpuTimeout: Math.min(module.cpuTimeout, limitOf(call.cpuTimeout)),
    fuel: call.fuel === undefined ? module.fuel : lessFuel(module.fuel, fuelLimitOf(call.fuel)),
  }
}
