/**
 * What the host ordered, in its order. A thread that runs a guest to its end, or waits for a host function, does not turn its event loop: then
 * `look` takes what has come, and does what cannot wait.
 */
import { asCaller } from '../guests/async-context.ts'
import type { Port, Threads } from '../node.ts'
import { nextTurn } from '../runtime/turn.ts'

export class Inbox<Message> {
  readonly #port: Port
  readonly #threads: Threads
  readonly #handle: (message: Message) => void
  readonly #isUrgent: (message: Message) => boolean
  #messages: Message[] = []
  /** Of the first that is still to be done. */
  #head = 0
  #working = false
  /** What has come is not the doing of the host function during whose wait it was seen. */
  readonly #workLater = asCaller(() => this.#work())

  constructor(port: Port, threads: Threads, handle: (message: Message) => void, isUrgent: (message: Message) => boolean) {
    this.#port = port
    this.#threads = threads
    this.#handle = handle
    this.#isUrgent = isUrgent
    port.on('message', (batch: readonly Message[]) => {
      this.#add(batch)
      this.#work()
    })
  }

  look(): void {
    for (let next = this.#threads.receiveMessageOnPort(this.#port); next !== undefined; next = this.#threads.receiveMessageOnPort(this.#port)) {
      this.#add(next.message as readonly Message[])
    }
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
