/** Collects messages, so that many share one: posting costs some microseconds, whatever is in it. */
export class Outbox<Message> {
  readonly #post: (batch: readonly Message[]) => void
  readonly #soon: (flush: () => void) => void
  #batch: Message[] = []
  readonly #flush = () => this.flush()

  /** @param soon calls back when nothing more is to be expected for the moment */
  constructor(post: (batch: readonly Message[]) => void, soon: (flush: () => void) => void) {
    this.#post = post
    this.#soon = soon
  }

  add(message: Message): void {
    if (this.#batch.push(message) === 1) this.#soon(this.#flush)
  }

  flush(): void {
    if (this.#batch.length === 0) return
    const batch = this.#batch
    this.#batch = []
    this.#post(batch)
  }
}
