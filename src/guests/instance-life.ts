/** The instances of a module, one after another: made, readied (start function, `setup`), dropped, and made again; with back-off when that fails. */
import { CurfewError, callError, type ErrorCode, engineMessage, LoadError } from '../errors.ts'
import { Call } from '../runtime/call.ts'
import { now } from '../runtime/clock.ts'
import { isLarge, touchMemories } from '../runtime/fresh-memory.ts'
import { Instance, type MakeImports } from '../runtime/instance.ts'
import { failureOf } from '../runtime/outcome.ts'
import { hostingCall } from '../runtime/thread.ts'
import type { GuestLease, GuestSpec } from './executor.ts'
import { failedCall } from './failure.ts'
import { makeImports } from './imports.ts'
import type { Runner } from './runner.ts'
import type { Stats } from './stats.ts'

/** So many failures in a row make a module broken. */
const PATIENCE = 3
/** First back-off, ms; it doubles up to the last. */
const FIRST_BACKOFF = 100
const LAST_BACKOFF = 30_000

export class InstanceLife {
  /** The instance that calls get; undefined while there is none. */
  instance: Instance | undefined
  readonly #spec: GuestSpec
  readonly #makeImports: MakeImports
  readonly #guest: Runner
  readonly #stats: Stats
  readonly #onChange: () => void
  #preparing = false
  #closed = false
  #failures = 0
  #lastFailure: LoadError | undefined
  #retryAt = 0
  /** The one that is being readied, and the start function or `setup` that runs now. */
  #fresh: Instance | undefined
  #starting: Call | undefined

  /** @param onChange told when there is an instance, or when there will be none for a while */
  constructor(spec: GuestSpec, guest: Runner, stats: Stats, onChange: () => void) {
    this.#spec = spec
    this.#makeImports = makeImports(spec.imports)
    this.#guest = guest
    this.#stats = stats
    this.#onChange = onChange
  }

  /** Makes the first instance. @throws LoadError */
  async begin(): Promise<void> {
    const instance = this.#instantiate()
    if (this.#needsReadying(instance)) await this.#ready(instance, this.#spec.signal)
    this.instance = instance
  }

  /** Lets go of an instance; if it is the present one, the next is made at once, unless nothing is to come. */
  drop(instance: Instance, isLast: boolean): void {
    if (!instance.stopped) instance.drop()
    if (this.instance !== instance) return
    this.instance = undefined
    if (!isLast) this.#remake()
  }

  /** There is no instance, and somebody waits for one. */
  revive(refuse: (error: CurfewError) => void): void {
    if (this.#preparing || this.#closed) return
    const broken = this.broken(undefined)
    if (broken !== undefined) return refuse(broken)
    this.#remake()
  }

  /** Why no call is taken now, if the module could not be restarted. */
  broken(name: string | undefined): CurfewError | undefined {
    if (this.#failures < PATIENCE || this.instance !== undefined || this.#preparing || now() >= this.#retryAt) return undefined
    const wait = Math.ceil(this.#retryAt - now())
    return callError('broken', `the module failed to restart ${this.#failures} times in a row and is left alone for ${wait} ms`, {
      module: this.#spec.name,
      function: name,
      phase: 'queued',
      figures: { failures: this.#failures, retryIn: wait },
      cause: this.#lastFailure,
    })
  }

  close(): void {
    this.#closed = true
    this.#starting?.stop('closed')
    this.#fresh?.drop()
    this.instance?.drop()
    this.instance = undefined
  }

  /** Makes instances until one is ready, or too many in a row have failed. */
  #remake(): void {
    if (this.#preparing || this.#closed || this.instance !== undefined) return
    // Under a host function a start function would run on its guest's stack, unsliced and within that call's limits
    if (hostingCall() !== undefined) return queueMicrotask(() => this.#remake())
    try {
      const instance = this.#instantiate()
      if (!this.#needsReadying(instance)) return this.#available(instance)
      this.#preparing = true
      void this.#ready(instance, undefined).then(
        () => {
          this.#preparing = false
          this.#available(instance)
        },
        (error: LoadError) => this.#failedToStart(error),
      )
    } catch (error) {
      this.#failedToStart(error as LoadError)
    }
  }

  #available(instance: Instance): void {
    if (this.#closed) return instance.drop()
    this.#failures = 0
    this.instance = instance
    this.#onChange()
  }

  #failedToStart(error: LoadError): void {
    this.#preparing = false
    this.#failures++
    this.#lastFailure = error
    if (this.#failures < PATIENCE) return this.#remake()
    this.#retryAt = now() + Math.min(LAST_BACKOFF, FIRST_BACKOFF * 2 ** (this.#failures - PATIENCE))
    this.#onChange()
  }

  /** @throws LoadError `instantiation-failed`; `invalid-import` where types differ in what JavaScript cannot see, or for what a factory did */
  #instantiate(): Instance {
    const { compiled, abi, name } = this.#spec
    this.#stats.generation++
    const began = now()
    try {
      return new Instance(compiled, abi, this.#makeImports)
    } catch (cause) {
      if (cause instanceof CurfewError) throw cause
      if (cause instanceof WebAssembly.LinkError)
        throw new LoadError('invalid-import', `an import does not fit: ${engineMessage(cause)}`, { module: name, cause })
      throw new LoadError('instantiation-failed', `the module could not be instantiated: ${engineMessage(cause)}`, {
        module: name,
        cause,
      })
    } finally {
      const took = now() - began
      if (took > 0) this.#guest.account.charge(took)
    }
  }

  #needsReadying(instance: Instance): boolean {
    return instance.start !== undefined || this.#spec.setup !== undefined || isLarge(instance)
  }

  /** Has its memory touched, then runs the start function and `setup`, under one `startTimeout`. @throws LoadError */
  async #ready(instance: Instance, signal: AbortSignal | undefined): Promise<void> {
    this.#fresh = instance
    const { startTimeout, name } = this.#spec
    if (isLarge(instance)) await touchMemories(instance, this.#guest.account, signal)
    if (signal?.aborted) {
      this.#fresh = undefined
      instance.drop()
      throw new LoadError('aborted', 'loading was aborted', { module: name, cause: signal.reason })
    }
    const timeout = startTimeout === 0 ? Number.POSITIVE_INFINITY : startTimeout
    const { fuel } = this.#spec.allowance
    const budget = { ...this.#guest.budget({ timeout, cpuTimeout: Number.POSITIVE_INFINITY, fuel }, signal), timeoutCode: 'start-timeout' as const }
    const call = new Call(this.#guest, budget, now())
    call.starting = true
    this.#starting = call
    try {
      if (this.#closed) call.stop('closed')
      if (instance.start !== undefined) await this.#start(call, instance, instance.start)
      if (this.#closed) throw new LoadError('closed', 'the module was closed while it started', { module: name, ran: call.ran })
      if (this.#spec.setup !== undefined) await this.#setUp(call, instance, this.#spec.setup)
      if (instance.stopped)
        throw new LoadError('start-failed', '`setup` went on after a call of it had failed, and the instance with it', { module: name, ran: true })
    } catch (error) {
      instance.drop()
      throw loadFailure(error as CurfewError, name)
    } finally {
      this.#fresh = this.#starting = undefined
    }
  }

  async #start(call: Call, instance: Instance, start: () => unknown): Promise<void> {
    try {
      await this.#guest.runStart(call, instance, start)
    } catch (thrown) {
      const { code, what, cause } = failureOf(call, thrown)
      throw failedCall(call, code, what, { module: this.#spec.name }, cause)
    }
  }

  async #setUp(start: Call, instance: Instance, setup: (lease: GuestLease) => unknown): Promise<void> {
    const hold = new Call(this.#guest, start.budget, start.began)
    hold.starting = true
    this.#starting = hold
    const lease = this.#guest.holdLease(hold, instance)
    try {
      await Promise.race([setup(lease), lease.stopped])
    } finally {
      lease.release()
    }
  }
}

/** Errors of loading keep their code where it means the same, and are the cause otherwise. */
function loadFailure(error: CurfewError, module: string): LoadError {
  const keep: readonly ErrorCode[] = ['start-timeout', 'aborted', 'closed']
  const { code, phase, ran, figures } = error
  if (error instanceof LoadError) return error
  if (error instanceof CurfewError && keep.includes(code)) {
    const what = code === 'start-timeout' ? `the start function or \`setup\` was not done within ${figures?.timeout} ms` : `loading was ${code}`
    return new LoadError(code, what, { module, phase, ran, figures, cause: error.cause })
  }
  return new LoadError('start-failed', `the start function or \`setup\` failed: ${error instanceof CurfewError ? error.what : engineMessage(error)}`, {
    module,
    phase,
    ran,
    cause: error,
  })
}
