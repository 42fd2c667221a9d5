/** May a guest go on? A policy over what the poll knows, and what a call has to remember for it. */
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

/**
 * The new credit, `YIELD` or `STOP`. The credit never exceeds what the time left would allow to the dearest work.
 * @param pace see `paceOf`
 */
export function meter(now: number, { deadline, cpuEnd, sliceEnd }: Limits, pace: number): number {
  const end = deadline < cpuEnd ? deadline : cpuEnd
  if (now >= end) return STOP
  if (now >= sliceEnd) return YIELD
  const left = (sliceEnd < end ? sliceEnd : end) - now
  const credit = Math.min(left * UNITS_PER_MS, MAX_CREDIT) / pace
  return credit <= MIN_CREDIT ? MIN_CREDIT : Math.floor(credit)
}

/** No guest is taken to be slower than so many times its weights; what seems so was the machine's doing. */
const SLOWEST = 8
/** What may be done beside what a grant pays for, ms: see `TAILS` in the guard's costs. */
const SLACK = 0.05

/**
 * How many times longer than its weights say a guest's work takes: 1, or more for one whose every access misses all caches, say. Nothing makes
 * a grant larger than the weights allow, whatever the guest did before.
 * @param took ms since a poll granted `granted` units
 */
export function paceOf(before: number, took: number, granted: number): number {
  const found = Math.min(Math.max(took / (granted / UNITS_PER_MS + SLACK), 1), SLOWEST)
  return found >= before ? found : before - (before - found) * Math.min(took, 1)
}

/** When the time was not looked at for so long, a host function that returns has the guest poll, ms. */
const NOTICEABLE = 0.05

/** Of one call whose guest runs, or has run. Times in ms on the clock. */
export class Meter {
  #sliceStart = 0
  #paused = 0
  // What the last poll granted, and when, the time of suspensions added; 0 if it did not
  #granted = 0
  #grantedAt = 0
  #pace = 1
  /** When the time was looked at last while the guest ran. */
  #lookedAt = 0

  resume(at: number): void {
    this.#sliceStart = this.#lookedAt = at
    this.#grantedAt += at - this.#paused
  }

  /** @returns ms that the guest has run since it was resumed */
  pause(at: number): number {
    this.#paused = at
    return at - this.#sliceStart
  }

  /** What a poll answers. */
  grant(at: number, limits: Limits): number {
    if (this.#granted > 0) this.#pace = paceOf(this.#pace, at - this.#grantedAt, this.#granted)
    const verdict = meter(at, limits, this.#pace)
    this.#granted = verdict
    this.#grantedAt = this.#lookedAt = at
    return verdict
  }

  /** Has so much time passed since it was looked at that the guest is to poll? */
  looksAgain(at: number): boolean {
    if (at - this.#lookedAt <= NOTICEABLE) return false
    this.#lookedAt = at
    return true
  }
}
