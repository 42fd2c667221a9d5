/** Runs guests on this thread: one instance of a module at a time, its calls one after another. */
import type { Allowance } from '../budget.ts'
import { CurfewError, callError, type ErrorCode, REASONS } from '../errors.ts'
import { Call, type CallBudget } from '../runtime/call.ts'
import { now } from '../runtime/clock.ts'
import type { GuestFunction, Instance } from '../runtime/instance.ts'
import { failureOf } from '../runtime/outcome.ts'
import { currentCall, hostingCall } from '../runtime/thread.ts'
import type { Executor, Guest, GuestLease, GuestSpec } from './executor.ts'
import { failedCall } from './failure.ts'
import { GuestFunctions } from './guest-functions.ts'
import { InstanceLease } from './instance-lease.ts'
import { InstanceLife } from './instance-life.ts'
import { type Admission, ended, forget, hasRoom, ready, suspended, unwind, watch } from './scheduler.ts'
import { resultsOf, type Signature } from './signature.ts'
import { type ModuleStats, Stats } from './stats.ts'

export class InThreadExecutor implements Executor {
  readonly #admission: Admission
  readonly #slice: number

  constructor(maxConcurrent: number, maxQueue: number, slice: number) {
    this.#admission = { maxConcurrent, maxQueue, active: 0, queued: 0 }
    this.#slice = slice
  }

  async load(spec: GuestSpec): Promise<Guest> {
    const guest = new InThreadGuest(spec, this.#admission, this.#slice)
    await guest.start()
    return guest
  }
}

/** Who waits for the instance, or has it: a call, or a lease. */
interface Holder {
  readonly call: Call
  /** Gets the instance; the call begins. */
  readonly grant: (instance: Instance, at: number) => void
  readonly refuse: (error: CurfewError) => void
}

export class InThreadGuest implements Guest {
  readonly spec: GuestSpec
  readonly #admission: Admission
  readonly #slice: number
  readonly #stats = new Stats()
  readonly #life: InstanceLife
  readonly #queue: Holder[] = []
  readonly #functions: GuestFunctions
  /** Calls that run or are suspended, leases that are held: to be stopped when the module closes. */
  readonly #live = new Set<Call>()
  /** Has the instance now. */
  #holder: Call | undefined
  #closed = false
  #idle: (() => void) | undefined

  constructor(spec: GuestSpec, admission: Admission, slice: number) {
    this.spec = spec
    this.#admission = admission
    this.#slice = slice
    this.#functions = new GuestFunctions(spec.name, (signature, instance, fn, args) => this.#callFunction(signature, instance, fn, args), spec.typeOf)
    this.#life = new InstanceLife(spec, this, this.#stats, () => this.#next())
  }

  /** Makes the first instance. */
  start(): Promise<void> {
    return this.#life.begin()
  }

  get memorySize(): number {
    return this.#life.instance?.memorySize ?? 0
  }

  get stats(): ModuleStats {
    return this.#stats.snapshot
  }

  call(signature: Signature, args: readonly unknown[], allowance: Allowance, signal: AbortSignal | undefined): Promise<unknown[]> {
    const at = now()
    const call = new Call(this.budget(allowance, signal), at)
    const refused = this.#refusal(signature.name, signal)
    if (refused !== undefined) return this.#refuse(call, refused)
    const hosting = hostingCall()
    if (hosting !== undefined && this.#isInside(hosting)) return this.#nestedCall(signature, args, allowance)
    const instance = this.#life.instance
    if (hosting === undefined && instance !== undefined && this.#holder === undefined && this.#queue.length === 0 && hasRoom(this.#admission, this.#slice)) {
      this.#holder = call
      return this.#run(call, instance, signature, instance.exports[signature.name] as GuestFunction, args, at, true)
    }
    return new Promise((resolve, reject) => {
      const grant = (granted: Instance, from: number) =>
        resolve(this.#run(call, granted, signature, granted.exports[signature.name] as GuestFunction, args, from, true))
      this.#enqueue({ call, grant, refuse: reject }, signature.name)
    })
  }

  callSync(signature: Signature, args: readonly unknown[], allowance: Allowance): unknown[] {
    const refused = this.#refusal(signature.name, undefined)
    if (refused !== undefined) throw this.#counted(refused)
    const hosting = hostingCall()
    if (hosting !== undefined && this.#isInside(hosting)) return this.#runNested(signature, args, allowance)
    const instance = this.#life.instance
    if (instance === undefined || this.#holder !== undefined || this.#queue.length > 0) {
      throw this.#counted(callError('busy', 'the instance is in use', { module: this.spec.name, function: signature.name }))
    }
    return this.runSync(instance, signature, args, allowance)
  }

  async lease(timeout: number, signal: AbortSignal | undefined): Promise<GuestLease> {
    const call = new Call({ ...this.budget({ timeout, cpuTimeout: Number.POSITIVE_INFINITY }, signal), timeoutCode: 'lease-timeout' }, now())
    const refused = this.#refusal(undefined, signal)
    if (refused !== undefined) return this.#refuse(call, refused)
    const instance = await new Promise<Instance>((resolve, reject) => {
      this.#enqueue({ call, grant: resolve, refuse: reject }, undefined)
    })
    return this.holdLease(call, instance)
  }

  async close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true
      for (const holder of this.#queue.slice()) holder.call.stop('closed')
      for (const call of this.#live) call.stop('closed')
      this.#life.close()
      this.spec.onClose()
    }
    if (this.#live.size > 0 && currentCall() === undefined) await new Promise<void>((resolve) => (this.#idle = resolve))
  }

  /** A budget with what does not depend on the call. */
  budget({ timeout, cpuTimeout }: Allowance, signal: AbortSignal | undefined): CallBudget {
    return { timeout, cpuTimeout, slice: this.#slice, signal, timeoutCode: 'deadline' }
  }

  /** Takes the instance for a lease. */
  holdLease(call: Call, instance: Instance): InstanceLease {
    this.#live.add(call)
    watch(call)
    const unlisten = listen(call)
    return new InstanceLease(this, call, instance, (code) => {
      forget(call)
      unlisten()
      this.#leave(call)
      this.#settle(call, instance, code)
    })
  }

  /** A call that is not to be counted as holding the instance while another, a lease, does. */
  runFor(lease: InstanceLease, signature: Signature, args: readonly unknown[], allowance: Allowance, signal: AbortSignal | undefined): Promise<unknown[]> {
    const { instance } = lease
    const at = now()
    const call = new Call(this.budget(allowance, signal), at)
    const hosting = hostingCall()
    if (hosting !== undefined && this.#isInside(hosting)) return this.#nestedCall(signature, args, allowance)
    if (signal?.aborted)
      return this.#refuse(
        call,
        callError('aborted', 'the call was aborted before it began', { ...this.#where(signature), phase: 'queued', cause: signal.reason }),
      )
    call.starting = lease.hold.starting
    lease.running = call
    const fn = instance.exports[signature.name] as GuestFunction
    if (hosting === undefined && hasRoom(this.#admission, this.#slice)) return this.#run(call, instance, signature, fn, args, at, false)
    return new Promise((resolve, reject) => {
      this.#wait(call, signature.name, reject)
      ready(call, this.#admission, (from) => resolve(this.#run(call, instance, signature, fn, args, from, false)))
    })
  }

  /** Runs a function of a guest that is free, on this stack. */
  runSync(instance: Instance, signature: Signature, args: readonly unknown[], allowance: Allowance, code: ErrorCode = 'deadline'): unknown[] {
    const budget = { ...this.budget(allowance, undefined), timeoutCode: code }
    const began = hostingCall() === undefined ? Number.NaN : now()
    const call = new Call(budget, began)
    const outer = this.#holder
    this.#holder = call
    try {
      const returned = instance.runSync(call, instance.exports[signature.name] as GuestFunction, this.#functions.unwrap(instance, signature, args), began)
      call.state = 'done'
      this.#stats.count('ok', call.cpu)
      return this.#functions.wrap(instance, signature, resultsOf(signature, returned))
    } catch (thrown) {
      const error = this.#failed(call, signature.name, thrown)
      this.#dropAfter(error.code, instance)
      throw error
    } finally {
      this.#holder = outer
      this.#next()
    }
  }

  /** Runs a guest's start function. */
  runStart(call: Call, instance: Instance, start: GuestFunction): Promise<unknown> {
    return this.#enter(call, instance, start, [])
  }

  /** Is this guest below one of the host functions that are running? Then a call into it is nested. */
  #isInside(call: Call): boolean {
    for (let each: Call | undefined = call; each !== undefined; each = each.parent) if (this.#live.has(each) || each === this.#holder) return true
    return false
  }

  async #nestedCall(signature: Signature, args: readonly unknown[], allowance: Allowance): Promise<unknown[]> {
    return this.#runNested(signature, args, allowance)
  }

  #runNested(signature: Signature, args: readonly unknown[], allowance: Allowance): unknown[] {
    const instance = this.#life.instance
    if (instance === undefined || instance.stopped) throw callError('stale', 'the instance of the calling guest is gone', this.#where(signature))
    const { nestedTimeout } = this.spec
    const nests = nestedTimeout > 0 && nestedTimeout < allowance.timeout
    return this.runSync(instance, signature, args, nests ? { ...allowance, timeout: nestedTimeout } : allowance, nests ? 'nested-timeout' : 'deadline')
  }

  /** Why a call cannot even wait. */
  #refusal(name: string | undefined, signal: AbortSignal | undefined): CurfewError | undefined {
    const where = { module: this.spec.name, function: name, phase: 'queued' as const }
    if (this.#closed) return callError('closed', 'the module is closed', where)
    if (signal?.aborted) return callError('aborted', 'the call was aborted before it began', { ...where, cause: signal.reason })
    return this.#life.broken(name)
  }

  #enqueue(holder: Holder, name: string | undefined): void {
    const { call } = holder
    if (this.#admission.queued >= this.#admission.maxQueue) {
      const what = `${this.#admission.queued} calls of this host are waiting already`
      holder.refuse(
        this.#counted(
          callError('overloaded', what, {
            module: this.spec.name,
            function: name,
            phase: 'queued',
            figures: { queued: this.#admission.queued, limit: this.#admission.maxQueue },
          }),
        ),
      )
      return
    }
    this.#queue.push(holder)
    this.#wait(call, name, (error) => {
      const at = this.#queue.indexOf(holder)
      if (at >= 0) this.#queue.splice(at, 1)
      if (this.#holder === call) this.#holder = undefined
      holder.refuse(error)
      this.#next()
    })
    this.#next()
  }

  /** A call waits: until its turn comes, or something stops it. */
  #wait(call: Call, name: string | undefined, refuse: (error: CurfewError) => void): void {
    this.#admission.queued++
    watch(call)
    const unlisten = listen(call)
    const leave = () => {
      this.#admission.queued--
      unlisten()
      forget(call)
      call.onStop = undefined
    }
    call.onStop = () => {
      leave()
      const error = failedCall(
        call,
        call.stopped?.code ?? 'closed',
        '',
        { module: this.spec.name, ...(name === undefined ? {} : { function: name }) },
        call.stopped?.cause,
      )
      call.state = 'done'
      this.#stats.count(error.code, 0)
      refuse(error)
    }
    call.onBegin = leave
  }

  /** Gives the instance, if it is free, to who waits longest. */
  #next(): void {
    const instance = this.#life.instance
    const holder = this.#queue[0]
    if (holder === undefined || this.#holder !== undefined || this.#closed) return
    if (instance === undefined) return this.#life.revive((error) => this.#refuseAll(error))
    this.#holder = holder.call
    this.#queue.shift()
    ready(holder.call, this.#admission, (at) => {
      holder.call.onBegin?.()
      holder.grant(instance, at)
    })
  }

  #refuseAll(error: CurfewError): void {
    for (const { call, refuse } of this.#queue.splice(0)) {
      call.onBegin?.()
      call.state = 'done'
      this.#stats.count(error.code, 0)
      refuse(error)
    }
  }

  /** Runs a call that has the instance, to its result or error. `holds`: it gives the instance back afterwards. */
  async #run(
    call: Call,
    instance: Instance,
    signature: Signature,
    fn: GuestFunction,
    args: readonly unknown[],
    at: number,
    holds: boolean,
  ): Promise<unknown[]> {
    let error: CurfewError | undefined
    try {
      const returned = await this.#enter(call, instance, fn, this.#functions.unwrap(instance, signature, args), at)
      call.state = 'done'
      this.#stats.count('ok', call.cpu)
      return this.#functions.wrap(instance, signature, resultsOf(signature, returned))
    } catch (thrown) {
      error = thrown instanceof CurfewError ? thrown : this.#failed(call, signature.name, thrown)
      throw error
    } finally {
      if (holds) this.#settle(call, instance, error?.code)
      else if (error !== undefined) this.#dropAfter(error.code, instance)
    }
  }

  /** Enters the guest and follows it through its slices. */
  async #enter(call: Call, instance: Instance, fn: GuestFunction, args: readonly unknown[], at: number = now()): Promise<unknown> {
    call.onBegin?.()
    let unlisten: (() => void) | undefined
    call.onSuspend = () => {
      unlisten ??= listen(call)
      suspended(call, this.#admission)
    }
    call.onStop = () => {
      if (call.state === 'suspended') unwind(call)
    }
    this.#admission.active++
    this.#live.add(call)
    try {
      return await instance.run(call, fn, args, at)
    } finally {
      this.#admission.active--
      unlisten?.()
      ended(call)
      this.#leave(call)
    }
  }

  #leave(call: Call): void {
    this.#live.delete(call)
    if (this.#live.size === 0) this.#idle?.()
  }

  /** The instance is free again, or to be replaced. */
  #settle(call: Call, instance: Instance, code: ErrorCode | undefined): void {
    if (this.#holder === call) this.#holder = undefined
    if (code !== undefined) this.#dropAfter(code, instance)
    else if (this.spec.reuse === 'never') this.#life.drop(instance, false)
    this.#next()
  }

  /** After a failure: an instance that cannot be trusted any more is dropped. */
  #dropAfter(code: ErrorCode, instance: Instance): void {
    if (REASONS[code].instanceUsable || (REASONS[code].kind === 'trap' && this.spec.onTrap === 'keep' && !instance.stopped)) return
    this.#life.drop(instance, this.spec.restart === 'never')
    if (this.spec.restart === 'never') void this.close()
  }

  #failed(call: Call, name: string, thrown: unknown): CurfewError {
    const { code, what, cause } = failureOf(call, thrown)
    const error = failedCall(call, code, what, { module: this.spec.name, function: name }, cause)
    call.state = 'done'
    this.#stats.count(error.code, call.cpu)
    return error
  }

  async #refuse(call: Call, error: CurfewError): Promise<never> {
    call.state = 'done'
    throw this.#counted(error)
  }

  #counted(error: CurfewError): CurfewError {
    this.#stats.count(error.code, 0)
    return error
  }

  #where(signature: Signature): { module: string; function: string } {
    return { module: this.spec.name, function: signature.name }
  }

  /** A function that the guest returned is called like an export of the same instance, under the module's allowance. */
  #callFunction(signature: Signature, instance: Instance, fn: GuestFunction, args: readonly unknown[]): Promise<unknown[]> {
    const call = new Call(this.budget(this.spec.allowance, undefined), now())
    return new Promise((resolve, reject) => {
      const grant = (granted: Instance, at: number) => {
        if (granted === instance) return resolve(this.#run(call, instance, signature, fn, args, at, true))
        this.#settle(call, granted, undefined)
        reject(callError('stale', 'the instance that this function belongs to is gone', this.#where(signature)))
      }
      this.#enqueue({ call, grant, refuse: reject }, signature.name)
    })
  }
}

/** Has the call's signal stop it, until the returned function is called. */
function listen(call: Call): () => void {
  const { signal } = call.budget
  if (signal === undefined) return () => undefined
  const listener = () => call.stop('aborted', signal.reason)
  signal.addEventListener('abort', listener, { once: true })
  return () => signal.removeEventListener('abort', listener)
}
