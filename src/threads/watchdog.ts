/**
 * Finds out that a thread does not answer any more. What is not answered in time may only be late: the thread is asked whether it is there, and
 * taken for dead if nothing at all comes from it for as long again.
 */
import { now } from '../runtime/clock.ts'
import { LONGEST_TIMER, nextTurn } from '../runtime/turn.ts'

export interface Watched {
  /** When the next answer is due, by the clock of this thread; `Infinity` if none is. */
  readonly due: number
  ping(): void
  /** It does not answer. */
  dead(): void
}

export class Watchdog {
  readonly #watched: Watched
  readonly #grace: number
  #timer: ReturnType<typeof setTimeout> | undefined
  #timerAt = Number.POSITIVE_INFINITY
  /** Has it been asked, and has nothing come since? */
  #isSilent = false
  #ended = false

  /** @param grace ms past the time an answer is due, and again past being asked */
  constructor(watched: Watched, grace: number) {
    this.#watched = watched
    this.#grace = grace
  }

  /** Something is to be answered. */
  expect(due: number): void {
    if (due + this.#grace < this.#timerAt && !this.#isSilent) this.#lookAt(due + this.#grace)
  }

  /** Something came from the thread. */
  heard(): void {
    this.#isSilent = false
  }

  end(): void {
    this.#ended = true
    clearTimeout(this.#timer)
  }

  #lookAt(at: number): void {
    clearTimeout(this.#timer)
    this.#timerAt = at
    if (at === Number.POSITIVE_INFINITY || this.#ended) return
    // What keeps the process alive is the thread, as long as anything is to be answered
    const timer: { unref?(): void } | number = setTimeout(() => this.#letMessagesIn(), Math.min(Math.max(0, at - now()), LONGEST_TIMER))
    if (typeof timer === 'object') timer.unref?.()
    this.#timer = timer as ReturnType<typeof setTimeout>
  }

  /** Where this thread was busy, what it has not read is no sign of a dead one: timers come first in a turn, messages after them. */
  #letMessagesIn(): void {
    nextTurn(() => nextTurn(() => this.#look()))
  }

  #look(): void {
    if (this.#ended) return
    if (this.#isSilent) return this.#watched.dead()
    const { due } = this.#watched
    const at = now()
    if (due + this.#grace > at) return this.#lookAt(due + this.#grace)
    this.#isSilent = true
    this.#watched.ping()
    this.#lookAt(at + this.#grace)
  }
}
