/** A module that runs on one other thread; on another one if that is lost. */
import { ALL_FUEL, type Allowance } from '../budget.ts'
import { type CurfewError, callError, type ErrorCode, LoadError } from '../errors.ts'
import type { Guest, GuestEvent, GuestLease, GuestSpec, Particulars } from '../guests/executor.ts'
import type { Link } from '../guests/imports.ts'
import { Line } from '../guests/line.ts'
import type { Admission } from '../guests/scheduler.ts'
import type { Signature } from '../guests/signature.ts'
import { type ModuleStats, Stats, sumOfStats } from '../guests/stats.ts'
import { Account } from '../runtime/account.ts'
import { Call } from '../runtime/call.ts'
import { now } from '../runtime/clock.ts'
import type { Sent } from './crossing.ts'
import { type HostCall, runHostFunction } from './host-functions.ts'
import type { Abortable, CallRequest, LeaseState, Report } from './messages.ts'
import { inside, isInside, noSync } from './refusals.ts'
import { type About, done, type RemoteThread, type Resident } from './remote-thread.ts'
import { sentSpec } from './sent-spec.ts'
import { toShared } from './shared-time.ts'
import { type Began, type Lessor, ThreadLease } from './thread-lease.ts'

const NO_STATS = new Stats(0).snapshot

/** Where the module runs, by whom that is decided. */
export interface Place {
  /** Undefined while there is none, after one was lost. */
  readonly thread: RemoteThread | undefined
  /** Its guests have run for so many ms. */
  ran(ms: number): void
  /** The module is closed. */
  leave(guest: ThreadGuest): void
}

export class ThreadGuest implements Guest, Lessor, Resident {
  readonly id: number
  readonly name: string
  readonly about: About
  /** Its guests run elsewhere: nothing is charged to it. */
  readonly account = new Account(1)
  readonly #spec: GuestSpec
  readonly #place: Place
  /** Calls that wait while there is no thread. */
  readonly #line: Line
  readonly #signatures = new Map<Signature, number>()
  /** Of calls that no thread has seen. */
  readonly #own = new Stats(0)
  /** Of threads that are gone. */
  #before = NO_STATS
  #stats = NO_STATS
  #memorySize = 0
  #loaded = false
  /** Is it on no thread, since its own was lost? */
  #away = false
  #closed = false
  #closing: Promise<void> | undefined
  /** Told when nobody may wait for a thread any more. */
  #tellEmpty: (() => void)[] = []

  /** @param id among all modules of its host */
  constructor(id: number, spec: GuestSpec, place: Place, admission: Admission) {
    this.id = id
    this.name = spec.name
    this.#spec = spec
    this.#place = place
    this.#line = new Line(spec, admission, this.#own)
    this.about = { module: spec.name, count: (code) => this.#own.countRefused(code) }
  }

  get #thread(): RemoteThread | undefined {
    return this.#away ? undefined : this.#place.thread
  }

  get memorySize(): number {
    return this.#memorySize
  }

  get stats(): ModuleStats {
    return sumOfStats(sumOfStats(this.#stats, this.#before), this.#own.snapshot)
  }

  /** Has its thread make the first instances. @throws LoadError */
  async load(): Promise<void> {
    const { startTimeout, signal } = this.#spec
    const thread = this.#place.thread as RemoteThread
    this.#moveTo(thread)
    const order = { verb: 'load' as const, id: thread.id(), guest: this.id, spec: sentSpec(this.#spec, thread.crossing), again: false }
    try {
      const due = startTimeout === 0 ? Number.POSITIVE_INFINITY : now() + startTimeout
      await thread.ask({ ...order, ...abortable(thread, signal) }, { module: this.name }, due, signal, done)
      this.#loaded = true
    } catch (error) {
      this.#closed = true
      thread.residents.delete(this.id)
      throw loadError(error as CurfewError)
    }
  }

  call(signature: Signature, args: readonly unknown[], allowance: Allowance, signal: AbortSignal | undefined, particulars?: Particulars): Promise<unknown[]> {
    const refused = this.#refusal(signature.name)
    if (refused !== undefined) return Promise.reject(refused)
    const began = particulars?.began ?? now()
    const thread = this.#thread
    if (thread !== undefined) return this.#call(thread, signature, args, allowance, signal, { ...particulars, began })
    const given = args.slice()
    return this.#threadAgain(signature.name, allowance.timeout, signal, 'deadline', began).then((back) =>
      this.#call(back, signature, given, allowance, signal, { ...particulars, began }),
    )
  }

  callSync(signature: Signature): unknown[] {
    throw this.#counted(noSync(this.name, signature.name))
  }

  async lease(timeout: number, signal: AbortSignal | undefined, began = now()): Promise<GuestLease> {
    const refused = this.#refusal(undefined)
    if (refused !== undefined) throw refused
    const thread = this.#thread ?? (await this.#threadAgain(undefined, timeout, signal, 'lease-timeout', began))
    const order = { verb: 'lease' as const, id: thread.id(), guest: this.id, timeout, began: toShared(began) }
    const asked = { ...order, ...abortable(thread, signal) }
    return thread.ask(asked, this.about, began + timeout, signal, ({ value }) => new ThreadLease(this, thread, value as LeaseState, signal))
  }

  async idle(): Promise<void> {
    for (;;) {
      while (!this.#line.isEmpty) await new Promise<void>((resolve) => this.#tellEmpty.push(resolve))
      const thread = this.#thread
      if (thread === undefined) return
      try {
        return await thread.ask({ verb: 'idle', id: thread.id(), guest: this.id }, {}, Number.POSITIVE_INFINITY, undefined, done)
      } catch {
        // Its calls went with the thread, but others may wait for the next one
      }
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  request(
    thread: RemoteThread,
    signature: Signature,
    args: readonly unknown[],
    allowance: Allowance,
    signal: AbortSignal | undefined,
    { began, observe }: Began,
  ): CallRequest {
    return {
      signature: this.#numberOf(thread, signature),
      args: signature.exchange === undefined ? thread.crossing.sendAll(args) : thread.crossing.sendData(args),
      began: toShared(began),
      ...(allowance === this.#spec.allowance ? undefined : { allowance }),
      ...(signal === undefined ? undefined : abortable(thread, signal)),
      ...(observe === undefined ? undefined : { isObserved: true }),
    }
  }

  report(report: Extract<Report, { readonly guest: number }>): void {
    switch (report.verb) {
      case 'stats':
        this.#place.ran(report.stats.cpu - this.#stats.cpu)
        this.#stats = report.stats
        if (!this.#closed) this.#memorySize = report.memorySize
        return
      case 'ran': {
        const { calls, cpu, outcomes } = this.#stats
        this.#place.ran(report.cpu - cpu)
        this.#stats = { ...this.#stats, calls: calls + report.calls, cpu: report.cpu, outcomes: { ...outcomes, ok: (outcomes.ok ?? 0) + report.calls } }
        return
      }
      case 'closed':
        void this.close()
        return
      case 'setup':
        return void this.#setUp(report.id, report.lease)
      case 'event':
        return this.#spec.onEvent(
          report.error === undefined ? report.event : ({ ...report.event, error: this.#thread?.crossing.receive(report.error) } as GuestEvent),
        )
      case 'host':
        return this.#calledBack(report)
    }
  }

  /** Its thread is gone: it waits for another one, or ends with it. */
  lost(): void {
    this.#away = true
    this.#before = sumOfStats(this.#stats, this.#before)
    this.#stats = NO_STATS
    this.#memorySize = 0
    this.#signatures.clear()
    if (this.#spec.restart === 'never' && this.#loaded) void this.close()
  }

  #moveTo(thread: RemoteThread): void {
    thread.residents.set(this.id, this)
    if (this.#spec.imports.links.some(({ kind }) => kind === 'function')) thread.callsHost = true
  }

  /** There is a thread again: it goes on there, as after a restart. */
  moved(thread: RemoteThread): void {
    if (!this.#away) return
    this.#away = false
    this.#moveTo(thread)
    const spec = sentSpec(this.#spec, thread.crossing)
    void thread.ask({ verb: 'load', id: thread.id(), guest: this.id, spec, again: true }, {}, now(), undefined, done).catch(() => undefined)
    for (let waiter = this.#line.shift(); waiter !== undefined; waiter = this.#line.shift()) {
      waiter.call.endWait?.()
      waiter.call.state = 'done'
      waiter.grant(undefined as never, now())
    }
    this.#checkEmpty()
  }

  #checkEmpty(): void {
    const told = this.#tellEmpty
    this.#tellEmpty = []
    for (const tell of told) tell()
  }

  /** A call that waits for a thread is stopped. */
  stopped(call: Call): void {
    call.onStop?.()
  }

  suspended(): void {
    throw new TypeError('a call that is on no guest of this thread was suspended')
  }
  waits(): void {
    this.suspended()
  }
  settled(): void {
    this.suspended()
  }

  #call(
    thread: RemoteThread,
    signature: Signature,
    args: readonly unknown[],
    allowance: Allowance,
    signal: AbortSignal | undefined,
    particulars: Began,
  ): Promise<unknown[]> {
    const id = thread.id()
    const order = { verb: 'call' as const, id, guest: this.id, ...this.request(thread, signature, args, allowance, signal, particulars) }
    const about = { module: this.name, function: signature.name, count: this.about.count, observe: particulars.observe }
    return thread.ask(order, about, particulars.began + allowance.timeout, signal, (answer) => thread.results(answer))
  }

  /** Waits until there is a thread, within what the call may take. */
  #threadAgain(name: string | undefined, timeout: number, signal: AbortSignal | undefined, timeoutCode: ErrorCode, began: number): Promise<RemoteThread> {
    const call = new Call(this, { timeout, cpuTimeout: Number.POSITIVE_INFINITY, fuel: ALL_FUEL, slice: 0, signal, timeoutCode }, began)
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        return reject(this.#counted(callError('aborted', 'the call was aborted before it began', { ...this.#where(name), cause: signal.reason })))
      }
      const grant = () => resolve(this.#place.thread as RemoteThread)
      this.#line.join({ call, name, grant, refuse: reject }, false, () => this.#checkEmpty())
    })
  }

  #numberOf(thread: RemoteThread, signature: Signature): number {
    let number = this.#signatures.get(signature)
    if (number === undefined) {
      number = this.#signatures.size
      this.#signatures.set(signature, number)
      thread.tell({ verb: 'signature', guest: this.id, signature })
    }
    return number
  }

  async #close(): Promise<void> {
    this.#closed = true
    this.#memorySize = 0
    this.#spec.onClose()
    this.#line.stopAll('closed')
    const thread = this.#thread
    if (thread !== undefined) {
      await thread.ask({ verb: 'close', id: thread.id(), guest: this.id }, {}, now(), undefined, done).catch(() => undefined)
      thread.residents.delete(this.id)
    }
    this.#place.leave(this)
  }

  async #setUp(id: number, state: LeaseState): Promise<void> {
    const thread = this.#place.thread as RemoteThread
    const lease = new ThreadLease(this, thread, state, undefined)
    let threw: { threw: Sent } | undefined
    try {
      await this.#spec.setup?.(lease)
    } catch (error) {
      threw = { threw: thread.crossing.send(error) }
    }
    lease.release()
    thread.tell({ verb: 'answer', id, ...threw })
  }

  /** Its guest calls the host, but not for a call that was aborted, or after a close: that guest is being stopped. */
  #calledBack(asked: HostCall): void {
    const thread = this.#place.thread as RemoteThread
    // A restart is begun as part of whatever ended the instance before, and does not end with that
    const request = asked.isStarting && this.#loaded ? undefined : asked.request
    const runs = !this.#closed && thread.within(request, () => void this.#runHostFunction(thread, asked))
    // What it was to be given is let go of, or its thread would keep it
    if (!runs) thread.crossing.receiveAll(asked.args)
  }

  async #runHostFunction(thread: RemoteThread, asked: HostCall): Promise<void> {
    const outcome = await runHostFunction(this, this.#spec.imports.links[asked.link] as Link, asked, thread)
    thread.tell({ verb: 'answer', id: asked.id, ...outcome })
  }

  #refusal(name: string | undefined): CurfewError | undefined {
    if (this.#closed) return this.#counted(callError('closed', 'the module is closed', this.#where(name)))
    return this.#spec.instances === 1 && isInside(this) ? this.#counted(inside(this.name, name)) : undefined
  }

  #counted(error: CurfewError): CurfewError {
    this.#own.countRefused(error.code)
    return error
  }

  #where(name: string | undefined): { module: string; function: string | undefined; phase: 'queued' } {
    return { module: this.name, function: name, phase: 'queued' }
  }
}

function abortable(thread: RemoteThread, signal: AbortSignal | undefined): Abortable {
  if (signal === undefined) return {}
  return signal.aborted ? { hasSignal: true, aborted: { reason: thread.crossing.send(signal.reason) } } : { hasSignal: true }
}

/** What fails while a module is loaded is an error of loading. */
function loadError(error: CurfewError): CurfewError {
  if (error instanceof LoadError) return error
  const { code, what, module, ran, cause } = error
  return new LoadError(code, what, { module, ran, cause })
}
