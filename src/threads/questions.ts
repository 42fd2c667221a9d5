/** What a thread asks of its host: to run a host function, or `setup`. */
import type { Call } from '../runtime/call.ts'
import { now } from '../runtime/clock.ts'
import { currentCall } from '../runtime/thread.ts'
import type { Crossing, Sent } from './crossing.ts'
import type { Answer, FuelChange, Report } from './messages.ts'
import type { Outbox } from './outbox.ts'
import { currentRequest } from './request-context.ts'
import { toShared } from './shared-time.ts'

/** Looks once more after so many ms, should the bell not have been heard. */
const LONGEST_WAIT = 1_000

type HostCall = Extract<Report, { readonly verb: 'host' }>

export class Questions {
  readonly #outbox: Outbox<Report>
  readonly #crossing: Crossing
  readonly #look: () => void
  readonly #asked = new Map<number, (answer: Answer) => void>()
  #next = 0
  /** Rung by the host when it has sent something. */
  bell: Int32Array<SharedArrayBuffer> | undefined

  /** @param look reads what has come from the host, without a turn of the event loop */
  constructor(outbox: Outbox<Report>, crossing: Crossing, look: () => void) {
    this.#outbox = outbox
    this.#crossing = crossing
    this.#look = look
  }

  nextId(): number {
    return this.#next++
  }

  async ask(id: number, question: Report): Promise<unknown> {
    const answer = await new Promise<Answer>((resolve) => {
      this.#asked.set(id, resolve)
      this.#outbox.add(question)
    })
    return this.#valueOf(answer)
  }

  answered(answer: Answer): void {
    const settle = this.#asked.get(answer.id)
    this.#asked.delete(answer.id)
    if (settle !== undefined) settle(answer)
    // The call that asked has ended. What came for it is let go of, or the host would keep it
    else this.#received(answer)
  }

  /** Has the host run a host function. @param canWait may the guest be suspended meanwhile? If not, nothing of this thread runs */
  callHost(guest: number, link: number, args: readonly unknown[], canWait: boolean): unknown {
    const call = currentCall() as Call
    const id = this.nextId()
    // With JavaScript below on the stack it cannot be
    const isSuspended = canWait && call.sliced
    const question = {
      verb: 'host' as const,
      id,
      request: currentRequest(),
      isStarting: call.starting && call.lease === undefined,
      guest,
      link,
      args: this.#crossing.sendAll(args),
      fuel: call.portion?.left,
      deadline: toShared(endOf(call)),
      isSuspended,
    }
    return isSuspended ? this.#suspended(call, question) : this.#onStack(call, question)
  }

  async #suspended(call: Call, question: HostCall): Promise<unknown> {
    const answer = await new Promise<Answer>((resolve) => {
      this.#asked.set(question.id, resolve)
      this.#outbox.add(question)
      queueMicrotask(() => this.#outbox.flush())
    })
    return this.#returned(call, answer)
  }

  /** Waits on the guest's stack. Ends early if the call is stopped; the guest then does not see what is returned. */
  #onStack(call: Call, question: HostCall): unknown {
    let answer: Answer | undefined
    this.#asked.set(question.id, (got) => {
      answer = got
    })
    this.#outbox.add(question)
    this.#outbox.flush()
    this.#waitUntil(() => answer !== undefined || call.expire(now()), endOf(call))
    this.#asked.delete(question.id)
    return answer === undefined ? undefined : this.#returned(call, answer)
  }

  #returned(call: Call, answer: Answer): unknown {
    if (answer.fuel !== undefined) changeFuel(call, answer.fuel)
    return this.#valueOf(answer)
  }

  #waitUntil(isOver: () => boolean, end: number): void {
    const bell = this.bell as Int32Array<SharedArrayBuffer>
    for (;;) {
      const before = Atomics.load(bell, 0)
      this.#look()
      if (isOver()) return
      Atomics.wait(bell, 0, before, Math.min(Math.max(0, end - now()), LONGEST_WAIT))
    }
  }

  #valueOf(answer: Answer): unknown {
    const received = this.#received(answer)
    if ('threw' in answer) throw received
    return received
  }

  #received(answer: Answer): unknown {
    if ('threw' in answer) return this.#crossing.receive(answer.threw)
    const { value } = answer
    return Array.isArray(value) ? this.#crossing.receiveAll(value) : this.#crossing.receive(value as Sent)
  }
}

/** When a call has to end at the latest. */
function endOf(call: Call): number {
  return Math.min(call.deadline, call.lease?.deadline ?? Number.POSITIVE_INFINITY)
}

function changeFuel(call: Call, { refilled, used, isOut }: FuelChange): void {
  const { portion } = call
  if (portion === undefined) return
  if (refilled !== 0n) portion.refill(portion.left + refilled)
  portion.consume(used)
  if (isOut) call.stop('out-of-fuel')
}
