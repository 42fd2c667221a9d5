/** What a thread asks of its host: to run a host function, or `setup`; and what an instance is given. */
import type { CallingInstance } from '../guests/caller.ts'
import type { Call } from '../runtime/call.ts'
import { now } from '../runtime/clock.ts'
import { NOT_NESTED, whyNotWait } from '../runtime/host-function.ts'
import { canSuspend, currentCall } from '../runtime/thread.ts'
import { awaitBell, type Bells, heard } from './bells.ts'
import type { Crossing, Sent } from './crossing.ts'
import type { Answer, FuelChange, Report } from './messages.ts'
import type { Outbox } from './outbox.ts'
import { currentRequest } from './request-context.ts'
import type { CallingCall, ServedCallers } from './served-callers.ts'
import { toShared } from './shared-time.ts'

/** Looks once more after so many ms, should the bell not have been heard. */
const LONGEST_WAIT = 1_000

/** The instance and the import that a guest calls. */
export interface ServedImport {
  readonly guest: number
  readonly instance: number
  readonly own: CallingInstance
  readonly link: number
  /** Is it known to return promises? */
  readonly isAsync: boolean
  /** Can its type suspend the guest? */
  readonly canSuspend: boolean
}

type Question = Extract<Report, { readonly id: number }>

interface Asked {
  answered(answer: Answer): void
  promised?(): void
}

export class Questions {
  readonly #outbox: Outbox<Report>
  readonly #sendNow: (report: Report) => void
  readonly #crossing: Crossing
  readonly #callers: ServedCallers
  readonly #look: () => void
  readonly #asked = new Map<number, Asked>()
  #next = 0
  /** Calls into guests that the host waits for: what these ask it must be asked on the direct line. */
  #nested = 0
  /** Does it look for messages, in place of turning the event loop? */
  #waiting = 0
  bells: Bells | undefined

  /**
   * @param sendNow sends on the direct line
   * @param look reads what has come from the host, without a turn of the event loop
   */
  constructor(outbox: Outbox<Report>, sendNow: (report: Report) => void, crossing: Crossing, callers: ServedCallers, look: () => void) {
    this.#outbox = outbox
    this.#sendNow = sendNow
    this.#crossing = crossing
    this.#callers = callers
    this.#look = look
  }

  /** Does a guest's stack wait for the host? */
  get isWaiting(): boolean {
    return this.#waiting > 0
  }

  nextId(): number {
    return this.#next++
  }

  async ask(id: number, question: Question): Promise<unknown> {
    const answer = await new Promise<Answer>((answered) => {
      this.#asked.set(id, { answered })
      this.#outbox.add(question)
    })
    return this.#valueOf(answer)
  }

  answered(answer: Answer): void {
    const asked = this.#asked.get(answer.id)
    this.#asked.delete(answer.id)
    if (asked !== undefined) asked.answered(answer)
    // The call that asked has ended. What came for it is let go of, or the host would keep it
    else this.#received(answer)
  }

  promised(id: number): void {
    this.#asked.get(id)?.promised?.()
  }

  /** Runs a call into a guest that the host waits for. */
  whileNested<T>(run: () => T): T {
    this.#nested++
    try {
      return run()
    } finally {
      this.#nested--
    }
  }

  /** Has the host make what an instance is given. @throws what that throws */
  tellInstance(guest: number, instance: number): void {
    const id = this.nextId()
    let answer: Answer | undefined
    this.#asked.set(id, {
      answered: (got) => {
        answer = got
      },
    })
    this.#send({ verb: 'instance', id, guest, instance })
    this.#waitUntil(
      () => answer !== undefined,
      () => Number.POSITIVE_INFINITY,
    )
    this.#valueOf(answer as unknown as Answer)
  }

  /** Has the host run a host function. While that returns, nothing of this thread runs; what it promises is waited for by the guest alone, if it can be suspended. */
  callHost({ guest, instance, own, link, isAsync, canSuspend: canTypeSuspend }: ServedImport, args: readonly unknown[]): unknown {
    const call = currentCall() as Call
    const calling = this.#callers.calling(call, own, (question) => this.#asked.delete(question))
    const id = this.nextId()
    const whyNot = whyNotPromise(call, canTypeSuspend)
    const isSuspended = isAsync && canSuspend && whyNot === undefined
    calling.question = id
    const question = {
      verb: 'host' as const,
      id,
      request: currentRequest(),
      guest,
      instance,
      call: calling.number,
      link,
      args: this.#crossing.sendAll(args),
      deadline: toShared(call.end),
      // What few have is left out where it is not: each name costs in each message
      ...(call.starting && call.lease === undefined ? { isStarting: true as const } : undefined),
      ...(call.parent === undefined ? undefined : { parent: this.#callers.numberOf(call.parent) as number }),
      ...(call.portion === undefined ? undefined : { fuel: call.portion.left }),
      ...(isSuspended ? { isSuspended } : undefined),
      ...(canSuspend ? undefined : { blocks: true as const }),
      ...(whyNot === undefined ? undefined : { whyNotWait: whyNot }),
    }
    return isSuspended ? this.#suspended(calling, question) : this.#onStack(calling, question)
  }

  #suspended(calling: CallingCall, question: Question): Promise<unknown> {
    const returned = this.#later(calling, question.id)
    this.#outbox.add(question)
    queueMicrotask(() => this.#outbox.flush())
    return returned
  }

  async #later(calling: CallingCall, id: number): Promise<unknown> {
    return this.#returned(calling, await new Promise<Answer>((answered) => this.#asked.set(id, { answered })))
  }

  /** Waits on the guest's stack. Ends early if the call is stopped; the guest then does not see what is returned. */
  #onStack(calling: CallingCall, question: Question): unknown {
    const { call } = calling
    let answer: Answer | undefined
    let promised = false
    this.#asked.set(question.id, {
      answered: (got) => {
        answer = got
      },
      promised: () => {
        promised = canSuspend
      },
    })
    this.#send(question)
    this.#waitUntil(
      () => answer !== undefined || promised || call.expire(now()),
      () => call.end,
    )
    if (answer !== undefined) return this.#returned(calling, answer)
    if (promised && call.stopped === undefined) return this.#later(calling, question.id)
    this.#asked.delete(question.id)
    return undefined
  }

  /** At once: who asks so does nothing else. */
  #send(question: Question): void {
    if (this.#nested > 0) return this.#sendNow(question)
    this.#outbox.add(question)
    this.#outbox.flush()
  }

  #returned(calling: CallingCall, answer: Answer): unknown {
    calling.question = undefined
    changeFuel(calling.call, answer.fuel)
    return this.#valueOf(answer)
  }

  #waitUntil(isOver: () => boolean, end: () => number): void {
    const bells = this.bells as Bells
    this.#waiting++
    try {
      for (;;) {
        const before = heard(bells, 'thread')
        this.#look()
        if (isOver()) return
        awaitBell(bells, 'thread', before, Math.min(Math.max(0, end() - now()), LONGEST_WAIT))
      }
    } finally {
      this.#waiting--
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

/** Why a guest cannot wait for a promise. Where none can be suspended, its thread waits; but not while its host waits for that. */
function whyNotPromise(call: Call, canTypeSuspend: boolean): string | undefined {
  if (canSuspend) return whyNotWait(call, canTypeSuspend, false)
  return call.parent === undefined ? undefined : NOT_NESTED
}

export function changeFuel({ portion }: Call, change: FuelChange | undefined): void {
  if (portion === undefined || change === undefined) return
  const { refilled, used } = change
  if (refilled !== 0n) portion.refill(portion.left + refilled)
  portion.consume(used)
}
