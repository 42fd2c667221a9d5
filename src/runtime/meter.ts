/** May a guest go on? A pure policy over what the poll knows. */
import { MAX_CREDIT, STOP, UNITS_PER_MS, YIELD } from '../abi.ts'

/** Moments on the clock, in ms; `Infinity` where there is no limit. */
export interface Limits {
  /** The earliest end of the call and of those that it is nested in. */
  readonly deadline: number
  /** When the guest will have run for its CPU time, if it runs on. */
  readonly cpuEnd: number
  /** When the guests' share of the event loop's turn ends. */
  readonly sliceEnd: number
}

/** Shorter grants would cost more than they gain: 5 us of worst-case work. */
export const MIN_CREDIT = UNITS_PER_MS / 200

/** The new credit, `YIELD` or `STOP`. The credit never exceeds what the time left would allow to the dearest work. */
export function meter(now: number, { deadline, cpuEnd, sliceEnd }: Limits): number {
  const end = deadline < cpuEnd ? deadline : cpuEnd
  if (now >= end) return STOP
  if (now >= sliceEnd) return YIELD
  const left = (sliceEnd < end ? sliceEnd : end) - now
  const credit = left * UNITS_PER_MS
  if (credit >= MAX_CREDIT) return MAX_CREDIT
  return credit <= MIN_CREDIT ? MIN_CREDIT : Math.floor(credit)
}
