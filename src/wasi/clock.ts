/** The clocks of a guest: those of the system, or one that only its own sleep moves. */
import type { Caller } from '../guests/caller.ts'

/** All times in ns. */
export interface WasiClock {
  readonly realtime: bigint
  readonly monotonic: bigint
  readonly realtimeResolution: bigint
  readonly monotonicResolution: bigint
  /** Is it moved by sleeping, instead of the sleeper waiting for it? */
  readonly isFixed: boolean
  /** The guest sleeps, or has slept. */
  move(duration: bigint): void
}

const NS_PER_MS = 1_000_000n
/** A clock stands still there: who waits for it is never before it again. */
export const LAST_TIME = 2n ** 64n - 1n
const NS_PER_US = 1_000n

export function earlier(one: bigint, other: bigint): bigint {
  return one < other ? one : other
}

export class SystemClock implements WasiClock {
  readonly isFixed = false
  readonly realtimeResolution = NS_PER_MS
  readonly monotonicResolution = NS_PER_US
  // What it begins at is nobody's business
  readonly #began = performance.now()

  get realtime(): bigint {
    return BigInt(Date.now()) * NS_PER_MS
  }

  get monotonic(): bigint {
    return BigInt(Math.floor((performance.now() - this.#began) * 1000)) * NS_PER_US
  }

  move(): void {
    // Time passes by itself
  }
}

export class FixedClock implements WasiClock {
  readonly isFixed = true
  readonly realtimeResolution = 1n
  readonly monotonicResolution = 1n
  readonly #began: bigint
  #slept = 0n

  /** @param began ms since the epoch, whole */
  constructor(began: number) {
    this.#began = BigInt(began) * NS_PER_MS
  }

  get realtime(): bigint {
    return earlier(this.#began + this.#slept, LAST_TIME)
  }

  get monotonic(): bigint {
    return earlier(this.#slept, LAST_TIME)
  }

  move(duration: bigint): void {
    this.#slept += duration
  }
}

/** `setTimeout` takes no more. */
const LONGEST_TIMER = 2 ** 31 - 1

/** ms, rounded up: a timer that ends early would have the guest sleep twice. */
function milliseconds(ns: bigint): number {
  return Math.ceil(Number(ns) / 1e6)
}

/** A wait that nothing is left of when it is cancelled, or the call is over. */
export class Sleep {
  /** Resolves when the time is over, or `setTimeout`'s longest; never if it ends before. */
  readonly over: Promise<void>
  readonly #signal: AbortSignal
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(duration: bigint, signal: AbortSignal) {
    this.#signal = signal
    this.over = new Promise((resolve) => {
      this.#timer = setTimeout(
        () => {
          this.end()
          resolve()
        },
        Math.min(milliseconds(duration), LONGEST_TIMER),
      )
    })
    signal.addEventListener('abort', this.end)
    if (signal.aborted) this.end()
  }

  readonly end = (): void => {
    clearTimeout(this.#timer)
    this.#signal.removeEventListener('abort', this.end)
  }
}

/** Holds the thread: for a guest that cannot be suspended. No longer than the call has time. */
export function block(duration: bigint, caller: Caller): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Math.min(milliseconds(duration), caller.timeLeft))
}

/** Work that takes long goes on in another turn of the event loop, or at once where the guest cannot wait; and no further if the call is out of time. */
export function more(caller: Caller, work: () => void | Promise<void>): void | Promise<void> {
  if (caller.canSuspend) return nextTurn().then(work)
  return caller.timeLeft > 0 ? work() : undefined
}

export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
