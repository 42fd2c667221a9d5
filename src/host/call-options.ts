/** The options of calls and leases. Times in ms. */
import { optionError } from '../errors.ts'
import { checkSignal, duration, known, unknownOption } from './checks.ts'

export interface CallOptions {
  /** Can only tighten the module's limit. Default: that limit. */
  readonly timeout?: number
  readonly cpuTimeout?: number
  /** Ends the call when it is aborted; its reason becomes the error's cause. */
  readonly signal?: AbortSignal | undefined
}

/** `timeout` counts from the guest's first poll or call of a host function, at most half a millisecond of its work after the call. */
export type CallSyncOptions = Omit<CallOptions, 'signal'>

export interface LeaseOptions {
  /** How long the lease may be held, waiting for it included. Default 60,000; 0: no limit. */
  readonly timeout?: number
  /** Ends the lease, and the call that it makes, when it is aborted. */
  readonly signal?: AbortSignal | undefined
}

const CALL_OPTIONS = ['timeout', 'cpuTimeout', 'signal']

/** Checked on every call, so without allocating. */
export function checkCallOptions(options: CallOptions): void {
  if (typeof options !== 'object' || options === null) throw optionError('options', 'an object', options)
  const { timeout, cpuTimeout, signal } = options
  for (const name in options) if (!CALL_OPTIONS.includes(name)) throw unknownOption('call', name, CALL_OPTIONS)
  if (timeout !== undefined) duration('timeout', timeout, 0)
  if (cpuTimeout !== undefined) duration('cpuTimeout', cpuTimeout, 0)
  if (signal !== undefined) checkSignal(signal)
}

/** `use` takes a time for the whole lease, and a signal. */
export function checkLeaseOptions(options: LeaseOptions): void {
  known('use', options, ['timeout', 'signal'])
  duration('timeout', options.timeout, 0)
  checkSignal(options.signal)
}
