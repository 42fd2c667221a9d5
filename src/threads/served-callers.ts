/** Who calls the host from a thread: instances and calls, by the numbers that the host knows them by. */
import type { CallingInstance } from '../guests/caller.ts'
import type { Call } from '../runtime/call.ts'
import type { Crossing } from './crossing.ts'
import type { Report } from './messages.ts'

/** A call that has called the host, and in which instance it did so last. */
export interface CallingCall {
  readonly number: number
  readonly call: Call
  instance: CallingInstance
  /** The host function that it waits for. */
  question: number | undefined
}

export class ServedCallers {
  readonly #tell: (report: Report) => void
  readonly #crossing: Crossing
  readonly #instances = new Map<number, CallingInstance>()
  readonly #numbers = new WeakMap<Call, CallingCall>()
  readonly #calls = new Map<number, CallingCall>()
  #next = 0

  constructor(tell: (report: Report) => void, crossing: Crossing) {
    this.#tell = tell
    this.#crossing = crossing
  }

  /** A number for an instance, or a call. */
  #number(): number {
    return this.#next++
  }

  add(instance: CallingInstance): number {
    const number = this.#number()
    this.#instances.set(number, instance)
    return number
  }

  /** @param isKnown does the host know of it? */
  drop(guest: number, number: number, isKnown: boolean): void {
    if (this.#instances.delete(number) && isKnown) this.#tell({ verb: 'gone', guest, instance: number })
  }

  instance(number: number): CallingInstance | undefined {
    return this.#instances.get(number)
  }

  call(number: number): CallingCall | undefined {
    return this.#calls.get(number)
  }

  numberOf(call: Call): number | undefined {
    return this.#numbers.get(call)?.number
  }

  /** A call that calls the host. @param ended told when it has ended, or was stopped, of the host function that it waits for then */
  calling(call: Call, instance: CallingInstance, ended: (question: number) => void): CallingCall {
    const known = this.#numbers.get(call)
    if (known !== undefined) {
      known.instance = instance
      return known
    }
    const calling: CallingCall = { number: this.#number(), call, instance, question: undefined }
    this.#numbers.set(call, calling)
    this.#calls.set(calling.number, calling)
    call.onEnd = () => {
      this.#calls.delete(calling.number)
      const { code, cause } = call.stopped ?? {}
      this.#tell({ verb: 'over', call: calling.number, stop: code === undefined ? undefined : { code, cause: this.#crossing.send(cause) } })
      if (calling.question !== undefined) ended(calling.question)
    }
    return calling
  }
}
