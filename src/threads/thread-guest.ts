/** A module that runs on one other thread; on another one if that is lost. */
import { ALL_FUEL, type Allowance } from '../budget.ts'
import { type CurfewError, callError, type ErrorCode, type ErrorDetails, LoadError } from '../errors.ts'
import { originHere } from '../guests/async-context.ts'
import type { NestedTerms } from '../guests/caller.ts'
import type { GuestEvent, GuestLease, GuestSpec, Particulars } from '../guests/executor.ts'
import type { ImportSource } from '../guests/imports.ts'
import { Line } from '../guests/line.ts'
import type { Admission } from '../guests/scheduler.ts'
import type { Signature } from '../guests/signature.ts'
import { type ModuleStats, Stats, sumOfStats } from '../guests/stats.ts'
import { reentrant } from '../guests/tenants.ts'
import { Account } from '../runtime/account.ts'
import { Call, type Hosted } from '../runtime/call.ts'
import { now } from '../runtime/clock.ts'
import type { Sent } from './crossing.ts'
import type { HostCall } from './host-functions.ts'
import { unlessBlocked, unlessStuck } from './inner-wait.ts'
import type { Abortable, CallRequest, LeaseState, Report } from './messages.ts'
import { blocked, noSync } from './refusals.ts'
import type { RemoteCall } from './remote-call.ts'
import { callAround, type RemoteModule } from './remote-instance.ts'
import { RemoteInstances } from './remote-instances.ts'
import { type About, done, type RemoteThread, type Resident } from './remote-thread.ts'
import { sentSpec } from './sent-spec.ts'
import { toShared } from './shared-time.ts'
import type { SpreadPart } from './spread-guest.ts'
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

export class ThreadGuest implements SpreadPart, Lessor, Resident, RemoteModule {
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
  readonly #instances: RemoteInstances
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
    this.#instances = new RemoteInstances(this)
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
      await unlessBlocked(thread, this.name, () => thread.ask({ ...order, ...abortable(thread, signal) }, { module: this.name }, due, signal, done))
      this.#loaded = true
    } catch (error) {
      this.#closed = true
      thread.residents.delete(this.id)
      throw loadError(error as CurfewError)
    }
  }

  get imports(): ImportSource {
    return this.#spec.imports
  }

  get signatures(): ReadonlyMap<string, Signature> {
    return this.#spec.signatures
  }

  get memories(): number {
    return this.#spec.abi.memories?.length ?? 0
  }

  isCalledBack(): boolean {
    return callAround(this) !== undefined
  }

  call(signature: Signature, args: readonly unknown[], allowance: Allowance, signal: AbortSignal | undefined, particulars?: Particulars): Promise<unknown[]> {
    const refused = this.#refusal(signature.name)
    if (refused !== undefined) return Promise.reject(refused)
    const around = callAround(this)
    if (around !== undefined) return this.#nestedCall(around, signature, args, { allowance, signal, particulars })
    const began = particulars?.began ?? now()
    const origin = originHere()
    const thread = this.#thread
    if (origin === undefined && thread !== undefined) return this.#call(thread, signature, args, allowance, signal, { ...particulars, began })
    const given = args.slice()
    return this.#begin(origin, signature.name, { timeout: allowance.timeout, signal, timeoutCode: 'deadline', began }, (back) =>
      this.#call(back, signature, given, allowance, signal, { ...particulars, began, isInner: origin !== undefined }, origin),
    )
  }

  callSync(signature: Signature, args: readonly unknown[], allowance: Allowance, particulars?: Particulars): unknown[] {
    const refused = this.#refusal(signature.name)
    if (refused !== undefined) throw refused
    const around = callAround(this)
    if (around !== undefined) return this.runNested(around, signature, args, { allowance, signal: undefined, particulars })
    throw this.#own.refused(noSync(this.name, signature.name))
  }

  async lease(timeout: number, signal: AbortSignal | undefined, particulars?: Particulars): Promise<GuestLease> {
    const refused = this.#refusal(undefined)
    if (refused !== undefined) throw refused
    const began = particulars?.began ?? now()
    const origin = originHere()
    return this.#begin(origin, undefined, { timeout, signal, timeoutCode: 'lease-timeout', began }, (thread) => {
      const order = { verb: 'lease' as const, id: thread.id(), guest: this.id, timeout, began: toShared(began), isInner: origin !== undefined }
      const asked = { ...order, ...abortable(thread, signal) }
      return thread.ask(asked, this.about, began + timeout, signal, ({ value }) => new ThreadLease(this, thread, value as LeaseState, signal))
    })
  }

  runNested(call: RemoteCall, signature: Signature, args: readonly unknown[], terms?: NestedTerms): unknown[] {
    const { thread } = call
    const { allowance = this.#spec.allowance, signal, particulars } = terms ?? {}
    const request = this.request(thread, signature, args, allowance, signal, { ...particulars, began: now() })
    const order = { verb: 'nested' as const, id: thread.id(), guest: this.id, call: call.number, fuel: call.takeFuel(), ...request }
    const about = { ...this.about, ...particulars, function: signature.name, fuelLeft: (left: bigint | undefined) => call.setFuel(left) }
    return thread.askNow(order, about, signal, (answer) => thread.results(answer))
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
    { began, observe, isInner }: Began,
  ): CallRequest {
    return {
      signature: this.#numberOf(thread, signature),
      args: signature.exchange === undefined ? thread.crossing.sendAll(args) : thread.crossing.sendData(args),
      began: toShared(began),
      ...(allowance === this.#spec.allowance ? undefined : { allowance }),
      ...(signal === undefined ? undefined : abortable(thread, signal)),
      ...(observe === undefined ? undefined : { isObserved: true }),
      ...(isInner ? { isInner } : undefined),
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
      case 'instance':
        return this.#instances.made(this.#place.thread as RemoteThread, report)
      case 'gone':
        return this.#instances.gone(report.instance)
    }
  }

  /** Its thread is gone: it waits for another one, or ends with it. */
  lost(): void {
    this.#away = true
    this.#before = sumOfStats(this.#stats, this.#before)
    this.#stats = NO_STATS
    this.#memorySize = 0
    this.#signatures.clear()
    this.#instances.clear()
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

  async #nestedCall(around: RemoteCall, signature: Signature, args: readonly unknown[], terms: NestedTerms): Promise<unknown[]> {
    if (terms.signal?.aborted) throw this.#own.refused(abortedBefore(this.#where(signature.name), terms.signal))
    return this.runNested(around, signature, args, terms)
  }

  #call(
    thread: RemoteThread,
    signature: Signature,
    args: readonly unknown[],
    allowance: Allowance,
    signal: AbortSignal | undefined,
    particulars: Began,
    origin?: Hosted,
  ): Promise<unknown[]> {
    const id = thread.id()
    const order = { verb: 'call' as const, id, guest: this.id, ...this.request(thread, signature, args, allowance, signal, particulars) }
    const { observe, context } = particulars
    const about = { module: this.name, function: signature.name, count: this.about.count, observe, context, origin }
    return thread.ask(order, about, particulars.began + allowance.timeout, signal, (answer) => thread.results(answer))
  }

  /** Begins a call or lease once there is a thread; if a host function makes it, not one that could never have an instance. */
  async #begin<T>(origin: Hosted | undefined, name: string | undefined, limits: WaitLimits, begin: (thread: RemoteThread) => Promise<T>): Promise<T> {
    // Whether its guest waits for it is known when it has returned
    if (origin !== undefined) await undefined
    const refused = this.#refusal(name)
    if (refused !== undefined) throw refused
    const begun = async () => begin(this.#thread ?? (await this.#threadAgain(name, limits)))
    return origin === undefined ? begun() : this.#inner(origin, name, begun)
  }

  /** What waits for an instance in the course of a host function is refused as soon as all that have one wait for that function. */
  #inner<T>(origin: Hosted, name: string | undefined, begin: () => Promise<T>): Promise<T> {
    const refusal = () => {
      const { instances } = this.#spec
      const isThread = (this.#holders?.length ?? 0) < instances
      return this.#own.refused(isThread ? blocked(this.name, name) : reentrant(this.name, name, instances))
    }
    return unlessStuck(origin, () => this.#holders, refusal, begin)
  }

  /** Who have its instances, or its thread, if all of them wait for host functions. */
  get #holders(): readonly Call[] | undefined {
    const holders = this.#instances.waiting
    if (holders.length >= this.#spec.instances) return holders
    const blocking = this.#thread?.blocking
    return blocking === undefined ? undefined : [blocking]
  }

  /** Waits until there is a thread, within what the call may take. */
  #threadAgain(name: string | undefined, limits: WaitLimits): Promise<RemoteThread> {
    const { signal } = limits
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(this.#own.refused(abortedBefore(this.#where(name), signal)))
      const grant = () => resolve(this.#place.thread as RemoteThread)
      this.#line.join({ call: this.#waiting(limits), name, grant, refuse: reject }, false, () => this.#checkEmpty())
    })
  }

  #waiting({ timeout, signal, timeoutCode, began }: WaitLimits): Call {
    return new Call(this, { timeout, cpuTimeout: Number.POSITIVE_INFINITY, fuel: ALL_FUEL, slice: 0, signal, timeoutCode }, began)
  }

  #numberOf(thread: RemoteThread, signature: Signature): number {
    let number = this.#signatures.get(signature)
    if (number === undefined) {
      number = this.#signatures.size
      this.#signatures.set(signature, number)
      thread.tell({ verb: 'signature', guest: this.id, number, signature })
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
    this.#instances.clear()
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
    const runs = !this.#closed && thread.within(request, () => this.#instances.serve(thread, request, asked))
    // What it was to be given is let go of, or its thread would keep it
    if (!runs) thread.crossing.receiveAll(asked.args)
  }

  #refusal(name: string | undefined): CurfewError | undefined {
    return this.#closed ? this.#own.refused(callError('closed', 'the module is closed', this.#where(name))) : undefined
  }

  #where(name: string | undefined): { module: string; function: string | undefined; phase: 'queued' } {
    return { module: this.name, function: name, phase: 'queued' }
  }
}

/** Of what waits for a thread. */
interface WaitLimits {
  readonly timeout: number
  readonly signal: AbortSignal | undefined
  readonly timeoutCode: ErrorCode
  readonly began: number
}

function abortedBefore(where: ErrorDetails, signal: AbortSignal): CurfewError {
  return callError('aborted', 'the call was aborted before it began', { ...where, cause: signal.reason })
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
