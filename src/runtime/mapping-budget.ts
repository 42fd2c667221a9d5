/**
 * The mappings that this thread's guests take, reckoned at their most, and corrected by what the kernel counts: too slow to ask each time
 * (8 ms where there are 65,000), too deadly to run out of.
 */
import { now } from './clock.ts'
import type { mappings, Share } from './kernel.ts'

/** What each takes at most, as measured on Node 22, 24 and 26. */
export const MAPPINGS = { memory: 2, stack: 2, code: 2 } as const

/** Left to what is not ours, and to what other threads take between two counts. */
const RESERVED = 1 / 8
/** The kernel is asked again when so much more than the last time may be taken. */
const STRIDE = 1 / 16
/** While it is full the kernel is asked so often, ms. */
export const RECOUNT_AFTER = 100

export class MappingBudget {
  readonly #kernel: typeof mappings
  readonly limit: number
  #stride = Number.POSITIVE_INFINITY
  /** What all that was taken and not given back may come to. */
  #most = 0
  /** By how much that was above what the kernel counted; below 0: what others have. */
  #slack = 0
  #countAt = 0
  #recountAt = 0

  constructor(kernel: typeof mappings) {
    this.#kernel = kernel
    this.limit = Math.floor((kernel?.limit ?? Number.POSITIVE_INFINITY) * (1 - RESERVED))
    this.share(1)
  }

  /** What the process is known to have taken, and what this thread may have taken since. */
  get used(): number {
    return this.#most - this.#slack
  }

  /** So many threads have guests: together they must not take the reserve before each looks again. */
  share(threads: number): void {
    this.#stride = (this.#kernel?.limit ?? Number.POSITIVE_INFINITY) * (STRIDE / threads)
    this.#countAt = 0
  }

  take(count: number): void {
    this.#most += count
    if (this.used >= this.#countAt) this.#recount()
  }

  /** What goes may have been what was reckoned too high: it lowers the excess first. */
  give(count: number): void {
    this.#most -= count
    if (this.#slack > 0) this.#slack = Math.max(0, this.#slack - count)
  }

  /** Are so many left? */
  has(count: number): boolean {
    if (this.used + count <= this.limit) return true
    if (now() >= this.#recountAt) this.#recount()
    return this.used + count <= this.limit
  }

  get usage(): Share | undefined {
    return this.#kernel === undefined ? undefined : { used: this.used, limit: this.limit }
  }

  #recount(): void {
    if (this.#kernel === undefined) return
    this.#slack = this.#most - this.#kernel.count()
    this.#countAt = this.used + this.#stride
    this.#recountAt = now() + RECOUNT_AFTER
  }
}
