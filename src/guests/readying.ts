/** What is done with an instance before any call gets it: its memory is touched if it is large, its start function and `setup` run. */
import { CurfewError, type ErrorCode, engineMessage, isOf, LoadError } from '../errors.ts'
import { Call } from '../runtime/call.ts'
import { now } from '../runtime/clock.ts'
import { isLarge, isQuick, Touching } from '../runtime/fresh-memory.ts'
import type { Instance } from '../runtime/instance.ts'
import { failureOf } from '../runtime/outcome.ts'
import type { GuestLease, GuestSpec } from './executor.ts'
import { failedCall } from './failure.ts'
import type { Runner } from './runner.ts'

/** The instances of one module that are being readied. */
export class Readying {
  readonly #spec: GuestSpec
  readonly #guest: Runner
  /** Until who asked for one has released it. */
  readonly #instances = new Set<Instance>()
  /** Of those whose memory is being touched. */
  readonly #touching = new Map<Instance, Touching>()
  /** The start functions and `setup`s that run now. */
  readonly #starting = new Set<Call>()
  #closed = false

  constructor(spec: GuestSpec, guest: Runner) {
    this.#spec = spec
    this.#guest = guest
  }

  get count(): number {
    return this.#instances.size
  }

  needs(instance: Instance): boolean {
    return this.#runsCode(instance) || isLarge(instance)
  }

  /** One of which only the memory has yet to be touched, and not much of it: that is done now. */
  hurry(): Instance | undefined {
    for (const [instance, touching] of this.#touching) {
      if (this.#runsCode(instance) || !isQuick(instance)) continue
      this.#touching.delete(instance)
      touching.finish()
      return instance
    }
    return undefined
  }

  /** It is ready, or has failed. @returns false if that was known before */
  release(instance: Instance): boolean {
    return this.#instances.delete(instance)
  }

  close(): void {
    this.#closed = true
    for (const call of this.#starting) call.stop('closed')
    for (const instance of this.#instances) instance.drop()
  }

  /**
   * Has its memory touched, then runs the start function and `setup`, under one `startTimeout`. It counts until it is released: at once when this
   * has settled, unless it was hurried.
   * @throws LoadError, and the instance is dropped
   */
  async ready(instance: Instance, signal: AbortSignal | undefined): Promise<void> {
    this.#instances.add(instance)
    const { startTimeout, name } = this.#spec
    if (isLarge(instance)) await this.#touch(instance, signal)
    if (!this.#instances.has(instance)) return
    if (signal?.aborted) {
      instance.drop()
      throw new LoadError('aborted', 'loading was aborted', { module: name, cause: signal.reason })
    }
    const timeout = startTimeout === 0 ? Number.POSITIVE_INFINITY : startTimeout
    const { fuel } = this.#spec.allowance
    const budget = { ...this.#guest.budget({ timeout, cpuTimeout: Number.POSITIVE_INFINITY, fuel }, signal), timeoutCode: 'start-timeout' as const }
    const call = new Call(this.#guest, budget, now())
    call.starting = true
    this.#starting.add(call)
    try {
      if (this.#closed) call.stop('closed')
      if (instance.start !== undefined) await this.#start(call, instance, instance.start)
      if (this.#closed) throw new LoadError('closed', 'the module was closed while it started', { module: name, ran: call.ran })
      if (this.#spec.setup !== undefined) await this.#setUp(call, instance, this.#spec.setup)
      if (instance.stopped)
        throw new LoadError('start-failed', '`setup` went on after a call of it had failed, and the instance with it', { module: name, ran: true })
    } catch (error) {
      instance.drop()
      throw loadFailure(error, name)
    } finally {
      this.#starting.delete(call)
    }
  }

  #runsCode(instance: Instance): boolean {
    return instance.start !== undefined || this.#spec.setup !== undefined
  }

  async #touch(instance: Instance, signal: AbortSignal | undefined): Promise<void> {
    const touching = new Touching(instance, this.#guest.account, signal)
    this.#touching.set(instance, touching)
    await touching.done
    this.#touching.delete(instance)
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
    this.#starting.add(hold)
    const lease = this.#guest.holdLease(hold, instance)
    try {
      await Promise.race([setup(lease), lease.stopped])
    } finally {
      this.#starting.delete(hold)
      lease.release()
    }
  }
}

/** Errors of loading keep their code where it means the same, and are the cause otherwise. */
function loadFailure(error: unknown, module: string): LoadError {
  const keep: readonly ErrorCode[] = ['start-timeout', 'aborted', 'closed']
  if (isOf(error, LoadError)) return error
  if (!isOf(error, CurfewError))
    return new LoadError('start-failed', `the start function or \`setup\` failed: ${engineMessage(error)}`, { module, cause: error })
  const { code, phase, ran, figures } = error
  if (keep.includes(code)) {
    const what = code === 'start-timeout' ? `the start function or \`setup\` was not done within ${figures.timeout} ms` : `loading was ${code}`
    return new LoadError(code, what, { module, phase, ran, figures, cause: error.cause })
  }
  return new LoadError('start-failed', `the start function or \`setup\` failed: ${error.what}`, { module, phase, ran, cause: error })
}
