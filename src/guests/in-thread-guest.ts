/** A module's guest on this thread: who may call it, and what a call waits for. Each of its instances has one call at a time. */
import { ALL_FUEL, type Allowance } from '../budget.ts'
import { type CurfewError, callError } from '../errors.ts'
import type { Account } from '../runtime/account.ts'
import { Call, type CallBudget, type Stop } from '../runtime/call.ts'
import { now } from '../runtime/clock.ts'
import type { GuestFunction, Instance } from '../runtime/instance.ts'
import type { Ledger } from '../runtime/ledger.ts'
import { hasStack } from '../runtime/stack.ts'
import { hostingCall } from '../runtime/thread.ts'
import { asCaller, originHere } from './async-context.ts'
import { Execution } from './execution.ts'
import type { Guest, GuestLease, GuestSpec, Particulars } from './executor.ts'
import { GuestFunctions } from './guest-functions.ts'
import { InstanceLease } from './instance-lease.ts'
import { InstancePool } from './instance-pool.ts'
import { listen } from './line.ts'
import { type Nesting, nestingHere } from './reentrancy.ts'
import type { Held, Runner } from './runner.ts'
import { type Admission, forget, hasRoom, ready, settled, suspended, unwind, waits, watch } from './scheduler.ts'
import type { Signature } from './signature.ts'
import { type ModuleStats, Stats } from './stats.ts'
import { Tenants } from './tenants.ts'

export class InThreadGuest implements Guest, Runner {
  readonly name: string
  readonly account: Account
  readonly ledger: Ledger
  readonly #spec: GuestSpec
  readonly #admission: Admission
  readonly #stats: Stats
  readonly #pool: InstancePool
  readonly #tenants: Tenants
  readonly #execution: Execution
  /** The budget of a call that says nothing itself. */
  readonly #usual: CallBudget
  #closed = false

  /** @param first instances that are not restarts */
  constructor(spec: GuestSpec, admission: Admission, account: Account, ledger: Ledger, first = spec.instances) {
    this.name = spec.name
    this.account = account
    this.ledger = ledger
    this.#spec = spec
    this.#admission = admission
    this.#usual = { ...spec.allowance, slice: admission.slice, signal: undefined, timeoutCode: 'deadline' }
    this.#stats = new Stats(first)
    this.#pool = new InstancePool(spec, this, this.#stats, () => this.#tenants.next())
    this.#tenants = new Tenants(spec, this.#pool, admission, this.#stats)
    this.#execution = new Execution(spec, {
      admission,
      stats: this.#stats,
      pool: this.#pool,
      tenants: this.#tenants,
      functions: new GuestFunctions(spec.name, (signature, instance, fn, args) => this.#callFunction(signature, instance, fn, args), spec.functions),
      close: () => void this.close(),
    })
  }

  /** Makes the first instances. */
  start(): Promise<void> {
    return this.#pool.begin()
  }

  /** Makes its instances in the background, as after a stop. */
  restart(): void {
    this.#pool.revive(this.#spec.instances, () => undefined)
  }

  get signatures(): ReadonlyMap<string, Signature> {
    return this.#spec.signatures
  }

  get allowance(): Allowance {
    return this.#spec.allowance
  }

  get memorySize(): number {
    return this.#pool.memorySize
  }

  get stats(): ModuleStats {
    return this.#stats.snapshot
  }

  call(signature: Signature, args: readonly unknown[], allowance: Allowance, signal: AbortSignal | undefined, particulars?: Particulars): Promise<unknown[]> {
    const refused = this.#refusal(signature.name, signal)
    if (refused !== undefined) return Promise.reject(this.#stats.refused(refused))
    const nested = nestingHere<Instance>(this)
    if (nested !== undefined) return this.#nestedCall(nested, signature, args, this.budget(allowance, signal), particulars)
    const at = now()
    const call = new Call(this, this.budget(allowance, signal), particulars?.began ?? at)
    call.origin = originHere()
    equip(call, particulars)
    const instance = at < call.deadline && hasRoom(this.#admission, this.account) ? this.#tenants.take(call) : undefined
    if (instance !== undefined) return this.#execution.run(call, instance, signature, undefined, args, at)
    return new Promise((resolve, reject) => {
      const grant = asCaller((granted: Instance, from: number) => resolve(this.#execution.run(call, granted, signature, undefined, args, from)))
      this.#tenants.enqueue({ call, name: signature.name, grant, refuse: reject })
    })
  }

  callSync(signature: Signature, args: readonly unknown[], allowance: Allowance, particulars?: Particulars): unknown[] {
    const refused = this.#refusal(signature.name, undefined)
    if (refused !== undefined) throw this.#stats.refused(refused)
    const nested = nestingHere<Instance>(this)
    const budget = this.budget(allowance, undefined)
    if (nested !== undefined) return this.runNested(nested.instance, signature, args, budget, particulars, nested.around)
    const began = hostingCall() === undefined ? Number.NaN : now()
    const call = new Call(this, budget, began)
    equip(call, particulars)
    const instance = this.#tenants.takeNow(call)
    if (instance === undefined) throw this.#stats.refused(callError('busy', 'the instance is in use', this.#where(signature.name)))
    try {
      return this.#execution.runSync(call, instance, signature, args, began)
    } finally {
      this.#tenants.release(call, instance)
    }
  }

  async lease(timeout: number, signal: AbortSignal | undefined, particulars?: Particulars): Promise<GuestLease> {
    const refused = this.#refusal(undefined, signal)
    if (refused !== undefined) throw this.#stats.refused(refused)
    const call = new Call(
      this,
      { timeout, cpuTimeout: Number.POSITIVE_INFINITY, fuel: ALL_FUEL, slice: this.#admission.slice, signal, timeoutCode: 'lease-timeout' },
      particulars?.began ?? now(),
    )
    call.steps = new Set()
    equip(call, particulars)
    call.origin = originHere()
    const instance =
      this.#tenants.take(call) ??
      (await new Promise<Instance>((resolve, reject) => {
        this.#tenants.enqueue({ call, name: undefined, grant: resolve, refuse: reject })
      }))
    const lease = this.holdLease(call, instance)
    if (call.stopped === undefined) return lease
    // Closed or aborted since it was granted: it does not begin
    this.#stats.countRefused(call.stopped.code)
    return lease.stopped
  }

  async idle(): Promise<void> {
    await this.#tenants.idle()
    // A step that ran when its lease ended has yet to be unwound, and counted
    await this.#execution.idle()
  }

  async close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true
      this.#spec.onClose()
      this.#pool.close()
      this.#tenants.close()
      // Calls nested in one of this guest have its instance through that
      for (let call = hostingCall(); call !== undefined; call = call.parent) {
        if (call.owner !== this) continue
        call.stop('closed')
        call.lease?.stop('closed')
      }
    }
    // A host function that closes its caller cannot be waited for here: it would wait for itself
    if (hostingCall() === undefined) await this.#execution.idle()
  }

  budget(allowance: Allowance, signal: AbortSignal | undefined): CallBudget {
    if (signal === undefined && allowance === this.#spec.allowance) return this.#usual
    return { timeout: allowance.timeout, cpuTimeout: allowance.cpuTimeout, fuel: allowance.fuel, slice: this.#admission.slice, signal, timeoutCode: 'deadline' }
  }

  /** A call was stopped while it waited, held a lease or was suspended; a guest that runs sees it at its next poll. */
  stopped(call: Call): void {
    const { code, phase } = call.stopped as Stop
    // What ends with its lease is no news
    if (code !== 'stale') this.#spec.onEvent({ kind: 'stop', code, phase, elapsed: Number.isNaN(call.began) ? 0 : now() - call.began, cpu: call.cpu })
    if (call.onStop !== undefined) call.onStop()
    else if (call.state === 'suspended') unwind(call)
  }

  suspended(call: Call): void {
    call.waited = true
    call.endWait ??= listen(call)
    suspended(call, this.#admission)
  }

  waits(call: Call): void {
    call.waited = true
    call.endWait ??= listen(call)
    waits(call)
  }

  settled(call: Call): void {
    settled(call, this.#admission)
  }

  holdLease(hold: Call, instance: Instance): InstanceLease {
    const unlisten = listen(hold)
    const lease = new InstanceLease(this, hold, instance, (code) => {
      forget(hold)
      unlisten()
      hold.state = 'done'
      this.#execution.release(hold, instance, code)
    })
    // It may have been stopped, or its signal aborted, since it was granted
    if (hold.stopped !== undefined) hold.onStop?.()
    else if (!hold.expire(now())) watch(hold)
    return lease
  }

  async runFor(
    lease: Held,
    signature: Signature,
    args: readonly unknown[],
    allowance: Allowance,
    signal: AbortSignal | undefined,
    previous: Promise<unknown> | undefined,
    particulars: Particulars | undefined,
  ): Promise<unknown[]> {
    const { instance } = lease
    const nested = nestingHere(this, instance)
    if (nested !== undefined) return this.runNested(instance, signature, args, this.budget(allowance, signal), particulars, nested.around)
    const refused = this.#refusal(signature.name, signal)
    if (refused !== undefined) throw this.#stats.refused(refused)
    const call = new Call(this, this.budget(allowance, signal), particulars?.began ?? now())
    call.under(lease.hold)
    call.origin = originHere()
    equip(call, particulars)
    lease.steps.add(call)
    try {
      return await new Promise((resolve, reject) => {
        const begin = (at: number) => resolve(this.#execution.run(call, instance, signature, undefined, args, at))
        const at = now()
        if (previous === undefined && at < call.deadline && hasRoom(this.#admission, this.account)) return begin(at)
        this.#tenants.wait(call, signature.name, reject)
        const granted = asCaller(begin)
        const wait = () => call.stopped === undefined && ready(call, this.#admission, granted)
        if (previous === undefined) wait()
        else previous.then(wait, wait)
      })
    } finally {
      lease.steps.delete(call)
    }
  }

  runSync(
    instance: Instance,
    signature: Signature,
    args: readonly unknown[],
    budget: CallBudget,
    began: number,
    particulars?: Particulars,
    lease?: Call,
  ): unknown[] {
    const call = new Call(this, budget, began)
    equip(call, particulars)
    if (lease !== undefined) call.under(lease)
    return this.#execution.runSync(call, instance, signature, args, began)
  }

  runNested(instance: Instance, signature: Signature, args: readonly unknown[], budget: CallBudget, particulars?: Particulars, around?: Call): unknown[] {
    if (!hasStack()) throw this.#stats.refused(this.#overflow(signature.name))
    if (instance.stopped) throw this.#stats.refused(callError('stale', 'the instance of the calling guest is gone', this.#where(signature.name)))
    const { nestedTimeout } = this.#spec
    const nests = nestedTimeout > 0 && nestedTimeout < budget.timeout
    const call = new Call(this, nests ? { ...budget, timeout: nestedTimeout, timeoutCode: 'nested-timeout' } : budget, now())
    equip(call, particulars)
    call.parent = around
    return this.#execution.runSync(call, instance, signature, args, call.began)
  }

  async #nestedCall(
    { instance, around }: Nesting<Instance>,
    signature: Signature,
    args: readonly unknown[],
    budget: CallBudget,
    particulars: Particulars | undefined,
  ): Promise<unknown[]> {
    return this.runNested(instance, signature, args, budget, particulars, around)
  }

  runStart(call: Call, instance: Instance, start: GuestFunction): Promise<void> {
    return this.#execution.runStart(call, instance, start)
  }

  /** The guest that called the host function which makes this call is so deep that the engine might run out of stack in the middle of it. */
  #overflow(name: string | undefined): CurfewError {
    return callError('stack-overflow', 'too little stack is left for a call by a host function', this.#where(name))
  }

  /** Why a call cannot even wait. */
  #refusal(name: string | undefined, signal: AbortSignal | undefined): CurfewError | undefined {
    if (this.#closed) return callError('closed', 'the module is closed', this.#where(name))
    if (signal?.aborted) return callError('aborted', 'the call was aborted before it began', { ...this.#where(name), cause: signal.reason })
    if (hostingCall() !== undefined && !hasStack()) return this.#overflow(name)
    return this.#pool.broken(name)
  }

  #where(name: string | undefined): { module: string; function: string | undefined; phase: 'queued' } {
    return { module: this.name, function: name, phase: 'queued' }
  }

  /** A function that the guest returned is called like an export of the same instance, under the module's allowance. */
  #callFunction(signature: Signature, instance: Instance, fn: GuestFunction, args: readonly unknown[]): Promise<unknown[]> {
    const call = new Call(this, this.#usual, now())
    call.origin = originHere()
    return new Promise((resolve, reject) => {
      const grant = asCaller((granted: Instance, at: number) => {
        if (granted === instance) return resolve(this.#execution.run(call, instance, signature, fn, args, at))
        this.#tenants.release(call, granted)
        reject(this.#stats.refused(callError('stale', 'the instance that this function belongs to is gone', this.#where(signature.name))))
      })
      const refused = this.#refusal(signature.name, undefined)
      if (refused !== undefined) return reject(this.#stats.refused(refused))
      this.#tenants.enqueue({ call, name: signature.name, grant, refuse: reject })
    })
  }
}

function equip(call: Call, particulars: Particulars | undefined): void {
  if (particulars === undefined) return
  const { observe, context, isInner = false } = particulars
  call.context = context
  call.isInner = isInner
  if (observe !== undefined) call.observe = ({ cpu, portion, slices, ran }) => observe({ cpu, fuel: portion?.used, slices, ran })
}
