/** A thread that runs guests, as its host sees it: requests and their answers, and whether it is alive. */

import { callError, type ErrorCode, engineMessage } from '../errors.ts'
import { asCaller, originHere } from '../guests/async-context.ts'
import type { Observe } from '../guests/executor.ts'
import { callsAround } from '../guests/reentrancy.ts'
import type { Hosted } from '../runtime/call.ts'
import { now } from '../runtime/clock.ts'
import { newBells, ring } from './bells.ts'
import { Crossing, type Handle, type Sent } from './crossing.ts'
import { DirectLine } from './direct-line.ts'
import { unlessBlocked } from './inner-wait.ts'
import type { Answer, LeaseState, Order, Outcome, Report, Returned, Terms } from './messages.ts'
import { Outbox } from './outbox.ts'
import type { RemoteCall } from './remote-call.ts'
import type { RemoteInstance } from './remote-instance.ts'
import type { Connect, Transport } from './transport.ts'
import { Watchdog, type Watched } from './watchdog.ts'

/** What a request is about, for the error that it ends with if the thread is lost. */
export interface About {
  readonly module?: string | undefined
  readonly function?: string | undefined
  /** Told if it does. */
  readonly count?: ((code: ErrorCode) => void) | undefined
  /** Told what a call took, before that settles. */
  readonly observe?: Observe | undefined
  /** What its host functions see as the context. */
  readonly context?: unknown
  /** The host function that makes it, if its guest may wait for that. */
  readonly origin?: Hosted | undefined
  /** The lease that it is a step of. */
  readonly lease?: Tenancy | undefined
  /** Told what fuel the call has left that a nested one was made in. */
  readonly fuelLeft?: ((left: bigint | undefined) => void) | undefined
}

interface Pending {
  /** When an answer is due at the latest, by the clock of this thread. */
  due: number
  readonly about: About
  readonly resolve: (answer: Returned) => void
  readonly reject: (error: unknown) => void
  isAborted: boolean
  /** Stops listening to the caller's signal. */
  unlisten: (() => void) | undefined
  /** Runs something in the async context of the caller. */
  readonly within: ((run: () => void) => void) | undefined
  /** What stands for the call here, once that has called the host. */
  call: RemoteCall | undefined
}

/** A module that the thread runs. */
export interface Resident {
  report(report: Extract<Report, { readonly guest: number }>): void
}

/** A lease that is held of one of its instances. */
export interface Tenancy {
  /** It ended before it was released. @param state what its operations throw from now on, if the thread told that */
  ended(error: unknown, state: LeaseState | undefined): void
  /** A step of it has called the host. */
  runsIn(instance: RemoteInstance): void
}

export type Request = Extract<Order, { readonly id: number }>

/** How long a thread may take until it answers for the first time, ms. */
const START_TIMEOUT = 30_000
const NOTHING: About = {}

export class RemoteThread implements Watched {
  readonly crossing: Crossing
  /** By the number that the host gave each. */
  readonly residents = new Map<number, Resident>()
  /** By the number of the request that took each. */
  readonly leases = new Map<number, Tenancy>()
  /** Those of its calls that have called the host and are not over, by the number that it gave each. */
  readonly calls = new Map<number, RemoteCall>()
  /** The call for which it waits and does nothing else, where guests cannot be suspended. */
  blocking: RemoteCall | undefined
  readonly #transport: Transport
  readonly #outbox: Outbox<Order>
  readonly #pending = new Map<number, Pending>()
  readonly #watchdog: Watchdog
  readonly #bells = newBells()
  readonly #line: DirectLine
  readonly #onLost: (cause: unknown) => void
  /** When it has to have started; 0 once it has. */
  #startBy: number
  /** Does any of its guests call host functions? */
  callsHost = false
  #next = 0
  #isOver = false

  /**
   * @param grace ms that it may be late, see `Watchdog`
   * @param onStarted told when it answers for the first time
   * @param onLost told if it ends by itself or does not answer
   * @throws if it cannot be started
   */
  constructor(connect: Connect, terms: Omit<Terms, 'bells'>, grace: number, onStarted: () => void, onLost: (cause: unknown) => void) {
    this.#onLost = onLost
    this.#watchdog = new Watchdog(this, grace)
    this.#outbox = new Outbox<Order>((batch) => this.#post(batch), queueMicrotask)
    this.crossing = new Crossing({
      copiesErrors: false,
      dropped: (handle, count) => this.tell({ verb: 'dropped', handle, count }),
      invoke: (fn, args) => this.#invoke(fn, args),
    })
    this.#transport = connect({ message: (batch: readonly Report[]) => this.#read(batch), ended: (cause) => this.#lost(cause) })
    this.#line = new DirectLine(this.#bells, grace, {
      receive: () => this.#receive(),
      flush: () => this.#outbox.flush(),
      silent: () => this.dead(),
    })
    this.#startBy = now() + START_TIMEOUT
    const begin = { verb: 'begin' as const, id: this.id(), ...terms, bells: this.#bells }
    void this.ask(begin, NOTHING, this.#startBy, undefined, () => this.#started(onStarted)).catch(() => undefined)
  }

  /** How many requests it has not answered. */
  get load(): number {
    return this.#pending.size
  }

  /** What is asked of a thread that starts waits for that: many at once may take seconds. */
  get due(): number {
    if (this.#startBy > 0) return this.#startBy
    let due = Number.POSITIVE_INFINITY
    for (const pending of this.#pending.values()) due = Math.min(due, pending.due)
    return due
  }

  /**
   * Runs a host function as part of a request, as `AsyncLocalStorage` sees it.
   * @returns false if that has ended, or was aborted, and it was not run
   */
  within(request: number | undefined, run: () => void): boolean {
    const pending = request === undefined ? undefined : this.#pending.get(request)
    if (request !== undefined && (pending === undefined || pending.isAborted)) return false
    if (pending?.within === undefined) run()
    else pending.within(run)
    return true
  }

  /** What is known of a request that has not been answered: as part of it the host is called. @param call what stands for that part */
  begun(request: number | undefined, call: RemoteCall): About | undefined {
    const pending = request === undefined ? undefined : this.#pending.get(request)
    if (pending !== undefined) pending.call = call
    return pending?.about
  }

  /** A number for a request. */
  id(): number {
    return this.#next++
  }

  tell(order: Order): void {
    if (!this.#isOver) this.#outbox.add(order)
  }

  /**
   * @param due when it has to be answered, by the clock of this thread; past that, the thread must show that it is alive
   * @param signal the request is aborted with it
   * @param take makes the result of the answer, before whatever else has come with that is read
   */
  ask<T>(order: Request, about: About, due: number, signal: AbortSignal | undefined, take: (answer: Returned) => T): Promise<T> {
    if (this.#isOver) return Promise.reject(lost(about, false, new Error('the thread is gone')))
    return new Promise((resolve, reject) => {
      const pending: Pending = {
        due,
        about,
        resolve: (answer) => resolve(take(answer)),
        reject,
        isAborted: false,
        unlisten: undefined,
        within: this.callsHost ? asCaller((run: () => void) => run()) : undefined,
        call: undefined,
      }
      if (signal !== undefined && !signal.aborted) pending.unlisten = this.#listen(order.id, signal, pending)
      this.#pending.set(order.id, pending)
      if (this.#pending.size === 1) this.#transport.ref()
      this.#outbox.add(order)
      this.#watchdog.expect(due)
    })
  }

  /**
   * Asks for what the thread does at once, whatever runs there, and waits for it without a turn of the event loop. Meanwhile nothing is heard of the
   * thread but this, and what its guest asks for that: it waits for this thread too, and each looks for what the other has to say.
   * @throws StopError `thread-lost`; what the thread answers
   */
  askNow<T>(order: Request, about: About, signal: AbortSignal | undefined, take: (answer: Returned) => T): T {
    if (this.#isOver) throw lost(about, false, new Error('the thread is gone'))
    let outcome: (() => T) | undefined
    const pending: Pending = {
      due: Number.POSITIVE_INFINITY,
      about,
      resolve: (answer) => {
        outcome = () => take(answer)
      },
      reject: (error) => {
        outcome = () => {
          throw error
        }
      },
      isAborted: false,
      unlisten: undefined,
      within: undefined,
      call: undefined,
    }
    if (signal !== undefined && !signal.aborted) pending.unlisten = this.#listen(order.id, signal, pending)
    this.#pending.set(order.id, pending)
    this.#outbox.add(order)
    this.#line.waitUntil(() => outcome !== undefined)
    return (outcome as unknown as () => T)()
  }

  /** Has a request, or the lease that one took, aborted. */
  abort(id: number, reason: unknown): void {
    this.tell({ verb: 'abort', id, reason: this.crossing.send(reason) })
  }

  /** What a call has returned. */
  results({ value }: Returned): unknown[] {
    return this.crossing.receiveAll(value as readonly Sent[])
  }

  ping(): void {
    void this.ask({ verb: 'ping', id: this.id() }, NOTHING, Number.POSITIVE_INFINITY, undefined, done).catch(() => undefined)
  }

  dead(): void {
    this.#lost(new Error('the thread did not answer'))
  }

  /** Ends it. @returns has it ended? If not within a while, it never may: it is left alone then */
  async end(patience: number): Promise<boolean> {
    this.#close(new Error('the thread was ended'))
    let timer: ReturnType<typeof setTimeout> | undefined
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), patience)
    })
    try {
      return await Promise.race([this.#transport.terminate().then(() => true), late])
    } finally {
      clearTimeout(timer)
    }
  }

  #started(onStarted: () => void): void {
    this.#startBy = 0
    this.#watchdog.expect(this.due)
    onStarted()
  }

  #post(batch: readonly Order[]): void {
    if (this.#isOver) return
    this.#transport.post(batch)
    ring(this.#bells, 'thread')
  }

  #listen(id: number, signal: AbortSignal, pending: Pending): () => void {
    const listener = () => {
      pending.isAborted = true
      pending.due = Math.min(pending.due, now())
      this.abort(id, signal.reason)
      pending.call?.wasStopped('aborted', signal.reason)
      this.#watchdog.expect(pending.due)
    }
    signal.addEventListener('abort', listener, { once: true })
    return () => signal.removeEventListener('abort', listener)
  }

  /** What has come on the direct line. @returns was there any? */
  #receive(): boolean {
    const batch = this.#transport.receive()
    if (batch !== undefined) this.#read(batch as readonly Report[])
    return batch !== undefined
  }

  #read(batch: readonly Report[]): void {
    if (this.#isOver) return
    this.#watchdog.heard()
    for (const report of batch) this.#hear(report)
    if (this.#pending.size === 0) this.#transport.unref()
  }

  #hear(report: Report): void {
    switch (report.verb) {
      case 'answer':
        return this.#settle(report)
      case 'stopped':
        return this.leases.get(report.lease.lease)?.ended(this.crossing.receive(report.why), report.lease)
      case 'over':
        return this.#ended(report)
      case 'dropped':
        return this.crossing.release(report.handle, report.count)
      default:
        return this.residents.get(report.guest)?.report(report)
    }
  }

  /** One of its calls has ended, or was stopped. */
  #ended({ call: number, stop }: Extract<Report, { verb: 'over' }>): void {
    const cause = this.crossing.receive(stop?.cause)
    const call = this.calls.get(number)
    this.calls.delete(number)
    call?.over(stop === undefined ? undefined : { code: stop.code, cause })
  }

  #settle(answer: Answer & Outcome): void {
    const pending = this.#pending.get(answer.id)
    if (pending === undefined) return
    this.#pending.delete(answer.id)
    pending.unlisten?.()
    if (answer.figures !== undefined) pending.about.observe?.(answer.figures)
    pending.about.fuelLeft?.(answer.fuelLeft)
    if ('threw' in answer) pending.reject(this.crossing.receive(answer.threw))
    else pending.resolve(answer)
  }

  /** A function that a guest returned, called by who holds it. */
  async #invoke(fn: Handle, args: readonly unknown[]): Promise<unknown[]> {
    if (this.#isOver) throw callError('stale', 'the instance that this function belongs to is gone')
    const order = { verb: 'invoke' as const, id: this.id(), function: fn, args: this.crossing.sendAll(args), around: this.#around(originHere()) }
    return unlessBlocked(this, undefined, () => this.ask(order, NOTHING, Number.POSITIVE_INFINITY, undefined, (answer) => this.results(answer)))
  }

  /** The call of this thread that waits for a host function, maybe by way of others. */
  #around(origin: Hosted | undefined): number | undefined {
    for (const call of callsAround(origin)) {
      const { number } = call as RemoteCall
      if (this.calls.get(number) === call) return number
    }
    return undefined
  }

  #lost(cause: unknown): void {
    if (this.#isOver) return
    this.#close(cause)
    this.#onLost(cause)
  }

  /** Nothing goes out or comes in any more; whatever was asked fails. */
  #close(cause: unknown): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#watchdog.end()
    this.#transport.unref()
    for (const { about, reject, unlisten } of this.#pending.values()) {
      unlisten?.()
      about.count?.('thread-lost')
      reject(lost(about, true, cause))
    }
    this.#pending.clear()
    for (const lease of this.leases.values()) lease.ended(lost(NOTHING, true, cause), undefined)
    this.leases.clear()
    for (const call of this.calls.values()) call.over({ code: 'thread-lost', cause })
    this.calls.clear()
  }
}

/** For requests of which only the answer matters. */
export function done(): void {
  // There is nothing in it
}

function lost({ module, function: name }: About, ran: boolean, cause: unknown): Error {
  const details = { module, function: name, phase: 'running' as const, ran, cause }
  return callError('thread-lost', `the thread that the guest ran on was lost: ${engineMessage(cause)}`, details)
}
