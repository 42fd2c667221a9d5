/** The options of calls and leases. Times in ms. */
import { type Allowance, callAllowance } from '../budget.ts'
import { countsNoFuel, fuelAmount } from '../guests/fuel-amount.ts'
import { checkOptions, checkSignal, duration, known, unknownOption } from './checks.ts'

export interface CallOptions {
  /** Can only tighten the module's limit. Default: that limit. */
  readonly timeout?: number
  readonly cpuTimeout?: number
  /** Units of the module's fuel, for a module that was loaded with some. Can only tighten its limit. */
  readonly fuel?: number | bigint
  /** Ends the call when it is aborted; its reason becomes the error's cause. */
  readonly signal?: AbortSignal | undefined
  /** What host functions see as the `context` of their caller: who this is for, say. */
  readonly context?: unknown
}

/** `timeout` counts from the guest's first poll or call of a host function, at most half a millisecond of its work after the call. */
export type CallSyncOptions = Omit<CallOptions, 'signal'>

export interface LeaseOptions {
  /** How long the lease may be held, waiting for it included. Default 60,000; 0: no limit. */
  readonly timeout?: number
  /** Ends the lease, and the call that it makes, when it is aborted. */
  readonly signal?: AbortSignal | undefined
}

const CALL_OPTIONS = ['timeout', 'cpuTimeout', 'fuel', 'signal', 'context']

/** What the options of calls are combined with. */
interface CallContext {
  readonly module: string
  readonly allowance: Allowance
  readonly countsFuel: boolean
}

/**
 * A call's allowance, under its module's. Checked on every call, so without allocating.
 * @throws CurfewError `invalid-option`
 */
export function allowanceOf({ module, allowance, countsFuel }: CallContext, options: CallOptions): Allowance {
  checkOptions(options)
  const { timeout, cpuTimeout, fuel, signal } = options
  for (const name in options) if (!CALL_OPTIONS.includes(name)) throw unknownOption('call', name, CALL_OPTIONS)
  if (timeout !== undefined) duration('timeout', timeout, 0)
  if (cpuTimeout !== undefined) duration('cpuTimeout', cpuTimeout, 0)
  if (fuel !== undefined) {
    fuelAmount('fuel', fuel)
    if (!countsFuel) throw countsNoFuel(module)
  }
  if (signal !== undefined) checkSignal(signal)
  return callAllowance(allowance, options)
}

/** `use` takes a time for the whole lease, and a signal. */
export function checkLeaseOptions(options: LeaseOptions): void {
  known('use', options, ['timeout', 'signal'])
  duration('timeout', options.timeout, 0)
  checkSignal(options.signal)
}
