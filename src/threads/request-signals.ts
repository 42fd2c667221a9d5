/** The signals of what the host asks for: they abort when it says so, be it before the thread has read what was asked. */
import type { Crossing } from './crossing.ts'
import type { Abortable } from './messages.ts'

export class RequestSignals {
  readonly #crossing: Crossing
  /** Of the requests that are being done, and the leases that are held, whose callers have signals. */
  readonly #controllers = new Map<number, AbortController>()
  /** Why requests were aborted before they were read. */
  readonly #abortedEarly = new Map<number, unknown>()
  /** The last that was read, of those that are done in their order. */
  #lastRead = -1

  constructor(crossing: Crossing) {
    this.#crossing = crossing
  }

  /** A request is read, of those that are done in their order. */
  read(id: number): void {
    this.#lastRead = id
  }

  /** The signal of a request, until that is done. */
  make({ id, hasSignal, aborted }: Abortable & { readonly id: number }): AbortSignal | undefined {
    if (hasSignal === undefined) return undefined
    const controller = new AbortController()
    this.#controllers.set(id, controller)
    if (aborted !== undefined) controller.abort(this.#crossing.receive(aborted.reason))
    if (this.#abortedEarly.has(id)) controller.abort(this.#abortedEarly.get(id))
    this.#abortedEarly.delete(id)
    return controller.signal
  }

  abort(id: number, reason: unknown): void {
    if (id > this.#lastRead) this.#abortedEarly.set(id, reason)
    else this.#controllers.get(id)?.abort(reason)
  }

  done(id: number): void {
    this.#controllers.delete(id)
  }
}
