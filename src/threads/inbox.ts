/**
 * What the host ordered, in its order. A thread that runs a guest to its end, or waits for a host function, does not turn its event loop: then
 * `look` takes what has come, and does what cannot wait.
 */
import { asCaller } from '../guests/async-context.ts'
import { nextTurn } from '../runtime/turn.ts'

/** Where it comes from, in batches. */
export interface Incoming<Message> {
  listen(listener: (batch: readonly Message[]) => void): void
  /** Takes the next one, if there is one, without a turn of the event loop. */
  receive(): readonly Message[] | undefined
}

export class Inbox<Message> {
  readonly #incoming: Incoming<Message>
  readonly #handle: (message: Message) => void
  readonly #isUrgent: (message: Message) => boolean
  #messages: Message[] = []
  /** Of the first that is still to be done. */
  #head = 0
  #working = false
  /** What has come is not the doing of the host function during whose wait it was seen. */
  readonly #workLater = asCaller(() => this.#work())

  constructor(incoming: Incoming<Message>, handle: (message: Message) => void, isUrgent: (message: Message) => boolean) {
    this.#incoming = incoming
    this.#handle = handle
    this.#isUrgent = isUrgent
    incoming.listen((batch) => {
      this.#add(batch)
      this.#work()
    })
  }

  look(): void {
    for (let batch = this.#incoming.receive(); batch !== undefined; batch = this.#incoming.receive()) this.#add(batch)
    const waiting = this.#messages.slice(this.#head)
    this.#messages = waiting.filter((message) => !this.#isUrgent(message))
    this.#head = 0
    for (const message of waiting) if (this.#isUrgent(message)) this.#handle(message)
    if (this.#messages.length > 0 && !this.#working) nextTurn(this.#workLater)
  }

  /** One by one: arguments of a function go onto the stack, which a hundred thousand messages overflow. */
  #add(batch: readonly Message[]): void {
    for (const message of batch) this.#messages.push(message)
  }

  #take(): Message | undefined {
    const message = this.#messages[this.#head++]
    if (message === undefined) {
      this.#messages = []
      this.#head = 0
    }
    return message
  }

  #work(): void {
    if (this.#working) return
    this.#working = true
    try {
      for (let next = this.#take(); next !== undefined; next = this.#take()) this.#handle(next)
    } finally {
      this.#working = false
    }
  }
}
