/**
 * What is shown of what is done between two polls, the first of which granted a credit:
 *
 *   work <= 2 x credit + LARGEST + UNCHECKED + 2 x TOLL + TAILS + frames x LIGHT
 *
 * - Each check subtracts what the heaviest way to the next one weighs, and polls if the counter gets below zero: so all checks between two
 *   polls, but for the second's, have paid no more than the credit. What they paid for is one credit.
 * - The first poll came in a check, whose own way is still to be gone and is paid for by the credit before: LARGEST. If that is a chunk of a
 *   bulk operation, what comes after it in the same function is still to be gone too: one more way.
 * - When a call returns in which the first poll came, the rest of its way was paid for before that poll. In functions that no circle of calls
 *   goes through, all that wait on a stack owe no more than TAILS together. The others owe LIGHT, once for each time around the circle, and so
 *   for each of the frames that wait; or they come to a check that subtracts at least what they owe. The latter together have paid for
 *   as much as was owed, out of the one credit there is: this is the other credit. The last of them has not come to its check: it owes up
 *   to TOLL itself, and those below it as much.
 * - Each call from outside may begin with work that nobody has paid for: UNCHECKED.
 *
 * `frames` is what is counted here: how many calls have returned since the poll that were waiting when it came.
 */

import { BULK_BASE, CHUNK_BYTES, CHUNK_ELEMENTS, LIGHT, PAGE_TOUCH, PER_BYTE, PER_ELEMENT, TAILS, TOLL, UNCHECKED } from '../../src/guard/costs.ts'
import type { GLOBALS, Instrumented } from './oracle.ts'

/** Of a chunk: bytes, elements, or what a page that is grown by takes to touch. */
const LARGEST_CHUNK = Math.max(BULK_BASE + CHUNK_BYTES * PER_BYTE, BULK_BASE + CHUNK_ELEMENTS * PER_ELEMENT, 16 * PAGE_TOUCH)

/** Watches an instance of an instrumented module. */
export class Meter {
  /** What is wrong, for people; undefined as long as nothing is. */
  wrong: string | undefined
  polls = 0
  /** Seen in all: work, the most frames that waited, the largest share of what was allowed. */
  work = 0
  frames = 0
  share = 0
  readonly #instrumented: Instrumented
  readonly #exports: WebAssembly.Exports
  /** Of the last poll; a guarded module begins with none. */
  #credit = 0
  /** Calls from outside since then. */
  #entered = 0

  constructor(instrumented: Instrumented, instance: WebAssembly.Instance) {
    this.#instrumented = instrumented
    this.#exports = instance.exports
    const { largestCharge, largestWay: most } = instrumented
    if (largestCharge > most) this.wrong = `a check pays for ${largestCharge}, above ${most}`
  }

  #global(name: (typeof GLOBALS)[number]): WebAssembly.Global {
    return this.#exports[`oracle ${name}`] as WebAssembly.Global
  }

  /** A call from outside begins; it may be nested in another. */
  enter(): void {
    this.#entered++
    this.#global('balance').value = UNCHECKED
    this.#global('checks').value++
  }

  /** A check polls, and is granted a credit. */
  poll(credit: number): void {
    this.look()
    this.polls++
    this.#credit = credit
    this.#entered = 0
    this.#global('work').value = 0n
    this.#global('waited').value = 0
    this.#global('polls').value++
  }

  /** Is all well since the last poll? */
  look(): void {
    const work = Number(this.#global('work').value)
    const frames = this.#global('waited').value as number
    const lowest = this.#global('lowest').value as number
    const allowed = this.#allowed(frames)
    this.work += work
    this.frames = Math.max(this.frames, frames)
    this.share = Math.max(this.share, work / allowed)
    if (work > allowed) this.wrong ??= `${work} done after a poll that granted ${this.#credit}, with ${frames} frames waiting: at most ${allowed} may be`
    if (lowest < 0) this.wrong ??= `${-lowest} done that nobody had paid for`
  }

  #allowed(frames: number): number {
    const { largestWay: way, hasChunks } = this.#instrumented
    const waiting = frames > 0 ? this.#credit + 2 * TOLL + TAILS + frames * LIGHT : 0
    return this.#credit + way + (hasChunks ? LARGEST_CHUNK : 0) + this.#entered * UNCHECKED + waiting
  }
}
