/** Waiting for a thread, without a turn of the event loop. */
import { awaitBell, type Bells, count, heard } from './bells.ts'

/** What can be done meanwhile. */
export interface Waiting {
  /** Reads what has come. @returns was there anything? */
  receive(): boolean
  /** Sends what is to be sent. */
  flush(): void
  /** Nothing is heard of the thread. */
  silent(): void
}

export class DirectLine {
  readonly #bells: Bells
  readonly #patience: number
  readonly #waiting: Waiting

  /** @param patience the thread is given up if nothing at all is heard of it for twice as long, ms: see `Watchdog` */
  constructor(bells: Bells, patience: number, waiting: Waiting) {
    this.#bells = bells
    this.#patience = patience
    this.#waiting = waiting
  }

  waitUntil(isOver: () => boolean): void {
    count(this.#bells, 'waiting', 1)
    try {
      this.#wait(isOver)
    } finally {
      count(this.#bells, 'waiting', -1)
    }
  }

  #wait(isOver: () => boolean): void {
    const waiting = this.#waiting
    let beat = heard(this.#bells, 'beat')
    for (let isSilent = false; ; ) {
      const before = heard(this.#bells, 'host')
      do waiting.flush()
      while (waiting.receive())
      if (isOver()) return
      if (awaitBell(this.#bells, 'host', before, this.#patience)) continue
      const last = beat
      beat = heard(this.#bells, 'beat')
      if (beat === last && isSilent) waiting.silent()
      isSilent = beat === last
    }
  }
}
