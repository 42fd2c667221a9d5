/**
 * When the time of calls that wait runs out. The clock decides, not a timer: those fire up to 2 ms late. One is set for before the earliest
 * deadline; the rest of the wait is spent looking at the clock in each turn.
 */
import type { Call } from '../runtime/call.ts'
import { awaitTurn, LONGEST_TIMER } from '../runtime/turn.ts'
import { Heap, type Keyed } from './heap.ts'

const TIMER_SLACK = 2

/** The key is the deadline. */
interface Waiting extends Keyed {
  readonly call: Call
}

export class Deadlines {
  readonly #waiting = new Map<Call, Waiting>()
  readonly #heap = new Heap<Waiting>()
  #count = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #timerAt = Number.POSITIVE_INFINITY

  get size(): number {
    return this.#heap.size
  }

  /** The earliest; `Infinity` if there is none. */
  get next(): number {
    return this.#heap.first?.key ?? Number.POSITIVE_INFINITY
  }

  /** Whose it is. */
  get first(): Call | undefined {
    return this.#heap.first?.call
  }

  /** @returns false if the call was there already */
  add(call: Call): boolean {
    if (this.#waiting.has(call)) return false
    const waiting = { call, key: call.deadline, order: this.#count++, place: -1 }
    this.#waiting.set(call, waiting)
    this.#heap.add(waiting)
    return true
  }

  remove(call: Call): void {
    const waiting = this.#waiting.get(call)
    if (waiting === undefined) return
    this.#waiting.delete(call)
    this.#heap.remove(waiting)
    if (this.#heap.size === 0) this.#setTimer(Number.POSITIVE_INFINITY)
  }

  /** Has the turn begin in which the earliest passes. */
  awaitNext(at: number): void {
    if (this.#heap.size === 0) return
    const due = this.next - TIMER_SLACK
    if (due <= at) awaitTurn()
    else this.#setTimer(due, at)
  }

  /** @param at the time as it was looked at: Node warns of a timer for the past, which by now it may be */
  #setTimer(due: number, at = 0): void {
    if (due === this.#timerAt) return
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#timerAt = due
    if (due === Number.POSITIVE_INFINITY) return
    const fire = () => {
      this.#timer = undefined
      this.#timerAt = Number.POSITIVE_INFINITY
      awaitTurn()
    }
    this.#timer = setTimeout(fire, Math.min(due - at, LONGEST_TIMER))
  }
}
