/** How many calls of a host run and wait, on all its threads together: each thread counts its own in memory that all of them see. */
import type { Admission } from '../guests/scheduler.ts'

/** `active` and `queued` of each thread, one after the other. */
type Counts = Int32Array<SharedArrayBuffer>

export function newCounts(threads: number): Counts {
  return new Int32Array(new SharedArrayBuffer(threads * 2 * Int32Array.BYTES_PER_ELEMENT))
}

/** A thread is gone, and what it counted with it. */
export function forgetCounts(counts: Counts, thread: number): void {
  Atomics.store(counts, thread * 2, 0)
  Atomics.store(counts, thread * 2 + 1, 0)
}

/** Counting up or down reads a total and writes it back: what changes by that is this thread's part of it. */
export class SharedAdmission implements Admission {
  readonly maxConcurrent: number
  readonly maxQueue: number
  readonly #counts: Counts
  readonly #thread: number
  /** The totals as they were read last. */
  readonly #read: [active: number, queued: number] = [0, 0]

  constructor(maxConcurrent: number, maxQueue: number, counts: Counts, thread: number) {
    this.maxConcurrent = maxConcurrent
    this.maxQueue = maxQueue
    this.#counts = counts
    this.#thread = thread
  }

  get active(): number {
    return this.#total(0)
  }
  set active(total: number) {
    this.#add(0, total)
  }
  get queued(): number {
    return this.#total(1)
  }
  set queued(total: number) {
    this.#add(1, total)
  }

  #total(of: 0 | 1): number {
    let total = 0
    for (let at = of; at < this.#counts.length; at += 2) total += Atomics.load(this.#counts, at)
    this.#read[of] = total
    return total
  }

  #add(to: 0 | 1, total: number): void {
    Atomics.add(this.#counts, this.#thread * 2 + to, total - this.#read[to])
  }
}
