/** A module that runs on one other thread; on another one if that is lost. */
import type { Allowance } from '../budget.ts'
import { type CurfewError, callError, LoadError } from '../errors.ts'
import { originHere } from '../guests/async-context.ts'
import type { NestedTerms } from '../guests/caller.ts'
import type { GuestEvent, GuestLease, GuestSpec, Particulars } from '../guests/executor.ts'
import type { ImportSource } from '../guests/imports.ts'
import type { Admission } from '../guests/scheduler.ts'
import type { Signature } from '../guests/signature.ts'
import type { ModuleStats } from '../guests/stats.ts'
import { reentrant } from '../guests/tenants.ts'
import type { Call, Hosted } from '../runtime/call.ts'
import { now } from '../runtime/clock.ts'
import { abortable, CallRequests } from './call-requests.ts'
import type { Sent } from './crossing.ts'
import type { HostCall } from './host-functions.ts'
import { unlessBlocked, unlessStuck } from './inner-wait.ts'
import type { LeaseState, Report } from './messages.ts'
import { blocked, noSync } from './refusals.ts'
import type { RemoteCall } from './remote-call.ts'
import { callAround, type RemoteModule } from './remote-instance.ts'
import { RemoteInstances } from './remote-instances.ts'
import { RemoteOwner } from './remote-owner.ts'
import { RemoteStats } from './remote-stats.ts'
import { type About, done, type RemoteThread, type Resident } from './remote-thread.ts'
import { sentSpec } from './sent-spec.ts'
import { toShared } from './shared-time.ts'
import type { SpreadPart } from './spread-guest.ts'
import { type Began, type Lessor, ThreadLease } from './thread-lease.ts'
import { abortedBefore, ThreadLine, type WaitLimits } from './thread-line.ts'

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
  readonly owner: RemoteOwner
  readonly requests: CallRequests
  readonly #spec: GuestSpec
  readonly #place: Place
  /** Calls that wait while there is no thread. */
  readonly #line: ThreadLine
  readonly #instances: RemoteInstances
  readonly #stats = new RemoteStats()
  #memorySize = 0
  #loaded = false
  /** Is it on no thread, since its own was lost? */
  #away = false
  #closed = false
  #closing: Promise<void> | undefined

  /** @param id among all modules of its host */
  constructor(id: number, spec: GuestSpec, place: Place, admission: Admission) {
    this.id = id
    this.name = spec.name
    this.#spec = spec
    this.#place = place
    this.owner = new RemoteOwner(spec.name)
    this.requests = new CallRequests(id, spec.allowance)
    this.#line = new ThreadLine(this.owner, spec, admission, this.#stats.own, () => this.#place.thread)
    this.#instances = new RemoteInstances(this)
    this.about = { module: spec.name, count: (code) => this.#stats.own.countRefused(code) }
  }

  get #thread(): RemoteThread | undefined {
    return this.#away ? undefined : this.#place.thread
  }

  get memorySize(): number {
    return this.#memorySize
  }

  get stats(): ModuleStats {
    return this.#stats.snapshot
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
    return callAround(this.owner) !== undefined
  }

  call(signature: Signature, args: readonly unknown[], allowance: Allowance, signal: AbortSignal | undefined, particulars?: Particulars): Promise<unknown[]> {
    const refused = this.#refusal(signature.name)
    if (refused !== undefined) return Promise.reject(refused)
    const around = callAround(this.owner)
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
    const around = callAround(this.owner)
    if (around !== undefined) return this.runNested(around, signature, args, { allowance, signal: undefined, particulars })
    throw this.#stats.own.refused(noSync(this.name, signature.name))
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
    const request = this.requests.make(thread, signature, args, allowance, signal, { ...particulars, began: now() })
    const order = { verb: 'nested' as const, id: thread.id(), guest: this.id, call: call.number, fuel: call.takeFuel(), ...request }
    const about = { ...this.about, ...particulars, function: signature.name, fuelLeft: (left: bigint | undefined) => call.setFuel(left) }
    return thread.askNow(order, about, signal, (answer) => thread.results(answer))
  }

  async idle(): Promise<void> {
    for (;;) {
      await this.#line.empty()
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

  report(report: Extract<Report, { readonly guest: number }>): void {
    switch (report.verb) {
      case 'stats':
      case 'ran':
        this.#place.ran(this.#stats.update(report))
        if (report.verb === 'stats' && !this.#closed) this.#memorySize = report.memorySize
        return
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
    this.#stats.lost()
    this.#memorySize = 0
    this.requests.forget()
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
    this.#line.moveOn()
  }

  async #nestedCall(around: RemoteCall, signature: Signature, args: readonly unknown[], terms: NestedTerms): Promise<unknown[]> {
    if (terms.signal?.aborted) throw this.#stats.own.refused(abortedBefore(this.name, signature.name, terms.signal))
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
    const order = { verb: 'call' as const, id, guest: this.id, ...this.requests.make(thread, signature, args, allowance, signal, particulars) }
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
    const begun = async () => begin(this.#thread ?? (await this.#line.wait(name, limits)))
    return origin === undefined ? begun() : this.#inner(origin, name, begun)
  }

  /** What waits for an instance in the course of a host function is refused as soon as all that have one wait for that function. */
  #inner<T>(origin: Hosted, name: string | undefined, begin: () => Promise<T>): Promise<T> {
    const refusal = () => {
      const { instances } = this.#spec
      const isThread = (this.#holders?.length ?? 0) < instances
      return this.#stats.own.refused(isThread ? blocked(this.name, name) : reentrant(this.name, name, instances))
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

  async #close(): Promise<void> {
    this.#closed = true
    this.#memorySize = 0
    this.#spec.onClose()
    this.#line.close()
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
    return this.#closed
      ? this.#stats.own.refused(callError('closed', 'the module is closed', { module: this.name, function: name, phase: 'queued' }))
      : undefined
  }
}

/** What fails while a module is loaded is an error of loading. */
function loadError(error: CurfewError): CurfewError {
  if (error instanceof LoadError) return error
  const { code, what, module, ran, cause } = error
  return new LoadError(code, what, { module, ran, cause })
}
