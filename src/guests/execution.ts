/** Runs calls that have an instance to their result or error, and decides what becomes of the instance. */
import { type CurfewError, callError, type ErrorCode, REASONS } from '../errors.ts'
import type { Call } from '../runtime/call.ts'
import { now } from '../runtime/clock.ts'
import type { GuestFunction, Instance } from '../runtime/instance.ts'
import { failureOf } from '../runtime/outcome.ts'
import { beginExchange, type ExchangeArguments, entryOf } from './exchange.ts'
import type { GuestSpec } from './executor.ts'
import { failedCall } from './failure.ts'
import type { GuestFunctions } from './guest-functions.ts'
import type { InstancePool } from './instance-pool.ts'
import { type Admission, ended } from './scheduler.ts'
import { oneNaN, resultsOf, type Signature } from './signature.ts'
import type { Stats } from './stats.ts'
import type { Tenants } from './tenants.ts'

/** What else a module's guest consists of, as far as running calls has to do with it. */
export interface Surroundings {
  readonly admission: Admission
  readonly stats: Stats
  readonly pool: InstancePool
  readonly tenants: Tenants
  readonly functions: GuestFunctions
  /** Closes the module: its only instance is gone, and no other is to come. */
  close(): void
}

export class Execution {
  readonly #spec: GuestSpec
  readonly #admission: Admission
  readonly #stats: Stats
  readonly #pool: InstancePool
  readonly #tenants: Tenants
  readonly #functions: GuestFunctions
  readonly #close: () => void
  /** Calls that run or are suspended, start functions included. */
  #active = 0
  #tellIdle: (() => void)[] = []

  constructor(spec: GuestSpec, { admission, stats, pool, tenants, functions, close }: Surroundings) {
    this.#spec = spec
    this.#admission = admission
    this.#stats = stats
    this.#pool = pool
    this.#tenants = tenants
    this.#functions = functions
    this.#close = close
  }

  /**
   * Runs a call that has the instance, or whose lease has.
   * @param fn undefined: what the signature stands for
   */
  run(call: Call, instance: Instance, signature: Signature, fn: GuestFunction | undefined, args: readonly unknown[], at: number): Promise<unknown[]> {
    call.endWait?.()
    let entry: GuestFunction
    let unwrapped: readonly unknown[]
    try {
      if (instance.stopped) throw this.#stats.refused(stale(this.#spec.name, signature.name))
      entry = fn ?? entryOf(instance, signature)
      unwrapped = this.#unwrap(instance, signature, args)
    } catch (error) {
      call.state = 'done'
      this.#tenants.release(call, instance)
      return Promise.reject(error)
    }
    return this.#enter(call, instance, entry, unwrapped, at).then(
      (returned) => {
        this.#leave(call)
        try {
          return this.#succeeded(call, instance, signature, returned)
        } finally {
          this.#tenants.release(call, instance)
        }
      },
      (thrown) => {
        this.#leave(call)
        try {
          throw this.#failed(call, instance, signature.name, thrown)
        } finally {
          this.#tenants.release(call, instance)
        }
      },
    )
  }

  /** The same at once, on the caller's stack. */
  runSync(call: Call, instance: Instance, signature: Signature, args: readonly unknown[], began: number): unknown[] {
    const unwrapped = this.#unwrap(instance, signature, args)
    this.#tenants.enter(instance)
    try {
      const returned = instance.runSync(call, entryOf(instance, signature), unwrapped, began)
      return this.#succeeded(call, instance, signature, returned)
    } catch (thrown) {
      throw this.#failed(call, instance, signature.name, thrown)
    } finally {
      this.#tenants.leave(instance)
    }
  }

  async runStart(call: Call, instance: Instance, start: GuestFunction): Promise<void> {
    try {
      await this.#enter(call, instance, start, [], now())
    } finally {
      this.#leave(call)
      call.finish()
    }
  }

  /** A lease gives its instance back. @param code of why it was stopped, if it was */
  release(hold: Call, instance: Instance, code: ErrorCode | undefined): void {
    if (code !== undefined) this.#dropAfter(code, instance)
    this.#tenants.release(hold, instance)
  }

  /** Resolves when no guest of the module runs or is suspended. */
  async idle(): Promise<void> {
    if (this.#active > 0) await new Promise<void>((resolve) => this.#tellIdle.push(resolve))
  }

  #becameIdle(): void {
    const told = this.#tellIdle
    this.#tellIdle = []
    for (const tell of told) tell()
  }

  /** @throws UsageError for a function that is not one of this instance; counted */
  #unwrap(instance: Instance, signature: Signature, args: readonly unknown[]): readonly unknown[] {
    if (signature.exchange !== undefined) return [beginExchange(this.#spec, instance, signature.exchange, args as ExchangeArguments)]
    const given = this.#spec.deterministic ? args.map(oneNaN) : args
    if (!signature.takesFunctions) return given
    try {
      return this.#functions.unwrap(instance, signature, given)
    } catch (error) {
      throw this.#stats.refused(error as CurfewError)
    }
  }

  #enter(call: Call, instance: Instance, fn: GuestFunction, args: readonly unknown[], at: number): Promise<unknown> {
    this.#admission.active++
    this.#active++
    return instance.run(call, fn, args, at)
  }

  #leave(call: Call): void {
    this.#admission.active--
    this.#active--
    call.endWait?.()
    call.endWait = undefined
    call.instance = undefined // an error's stack may keep the call, but not the guest's memory
    if (call.waited) ended(call)
    if (this.#active === 0 && this.#tellIdle.length > 0) this.#becameIdle()
  }

  #succeeded(call: Call, instance: Instance, signature: Signature, returned: unknown): unknown[] {
    call.finish()
    this.#stats.count('ok', call, call.parent?.instance === instance)
    call.observe?.(call)
    return this.#functions.wrap(instance, signature, resultsOf(signature, returned))
  }

  /** Makes the error of a call whose guest ended with an exception, and drops an instance that cannot be trusted any more. */
  #failed(call: Call, instance: Instance, name: string, thrown: unknown): CurfewError {
    const { code, what, cause, figures } = failureOf(call, thrown)
    const error = failedCall(call, code, what, { module: this.#spec.name, function: name }, cause, figures)
    call.finish()
    this.#stats.count(code, call, call.parent?.instance === instance)
    call.observe?.(call)
    if (this.#isLost(code, instance)) {
      // The guests below on this stack are of the same instance, and end with it
      for (let outer = call.parent; outer !== undefined; outer = outer.parent) if (outer.instance === instance) outer.stop(code, error)
      this.#dropAfter(code, instance, error)
    }
    return error
  }

  /** Can an instance not be trusted any more, after a failure? */
  #isLost(code: ErrorCode, instance: Instance): boolean {
    if (REASONS[code].instanceUsable) return false
    return instance.stopped || REASONS[code].kind !== 'trap' || this.#spec.onTrap !== 'keep'
  }

  #dropAfter(code: ErrorCode, instance: Instance, error?: CurfewError): void {
    if (!this.#isLost(code, instance)) return
    const isLast = this.#spec.restart === 'never'
    // One that is being readied fails to load, and says why
    if (!this.#pool.drop(instance, isLast) || !isLast) return
    instance.holder?.stop('closed', error) // a lease
    this.#close()
  }
}

function stale(module: string, name: string): CurfewError {
  return callError('stale', 'the instance went while the call waited for its turn', { module, function: name, phase: 'queued' })
}
