/** Who waits for an instance of a module, first come first served; each until its turn comes or something stops it. */
import { type CurfewError, callError, type ErrorCode } from '../errors.ts'
import type { Call, Stop } from '../runtime/call.ts'
import type { Instance } from '../runtime/instance.ts'
import type { GuestSpec } from './executor.ts'
import { failedCall } from './failure.ts'
import { type Admission, forget, watch } from './scheduler.ts'
import type { Stats } from './stats.ts'

/** A call, or a lease. */
export interface Waiter {
  readonly call: Call
  /** The function's name, for errors; a lease has none. */
  readonly name: string | undefined
  /** Gets the instance; the call begins. */
  readonly grant: (instance: Instance, at: number) => void
  readonly refuse: (error: CurfewError) => void
}

export class Line {
  readonly #module: string
  readonly #limit: number
  readonly #instances: number
  readonly #admission: Admission
  readonly #stats: Stats
  #waiters = new Set<Waiter>()

  constructor({ name, maxQueue, instances }: GuestSpec, admission: Admission, stats: Stats) {
    this.#module = name
    this.#limit = maxQueue
    this.#instances = instances
    this.#admission = admission
    this.#stats = stats
  }

  get length(): number {
    return this.#waiters.size
  }

  get isEmpty(): boolean {
    return this.#waiters.size === 0
  }

  /**
   * @param isFirst it waits for its turn only, behind nobody: `maxQueue` is not about that
   * @param left called if the waiter is stopped, before it is refused
   * @returns false if there is no room, and it was refused
   */
  join(waiter: Waiter, isFirst: boolean, left: () => void): boolean {
    const { call, name, refuse } = waiter
    const overload = isFirst ? undefined : this.#overload(name)
    if (overload !== undefined) {
      this.#stats.countRefused('overloaded')
      refuse(overload)
      return false
    }
    this.#waiters.add(waiter)
    this.wait(call, name, (error) => {
      this.#waiters.delete(waiter)
      left()
      refuse(error)
    })
    return true
  }

  get first(): Waiter | undefined {
    return this.#waiters.values().next().value
  }

  /** The one that has waited longest; it still counts as waiting until it begins. */
  shift(): Waiter | undefined {
    const { first } = this
    if (first !== undefined) this.#waiters.delete(first)
    return first
  }

  /** Puts back who was taken too early. */
  unshift(waiter: Waiter): void {
    this.#waiters = new Set([waiter, ...this.#waiters])
  }

  stopAll(code: ErrorCode): void {
    for (const { call } of [...this.#waiters]) call.stop(code)
  }

  refuseAll(error: CurfewError): void {
    const refused = this.#waiters
    this.#waiters = new Set()
    for (const waiter of refused) this.#refuse(waiter, error)
  }

  /** Refuses one that waits. */
  refuse(waiter: Waiter, error: CurfewError): void {
    if (this.#waiters.delete(waiter)) this.#refuse(waiter, error)
  }

  #refuse({ call, refuse }: Waiter, error: CurfewError): void {
    call.endWait?.()
    call.state = 'done'
    this.#stats.countRefused(error.code)
    refuse(error)
  }

  /** Why nobody else may wait. */
  #overload(name: string | undefined): CurfewError | undefined {
    const { queued, maxQueue } = this.#admission
    const ofModule = this.#waiters.size
    const ofHost = queued >= maxQueue
    if (!ofHost && ofModule < this.#limit) return undefined
    const retryAfter = Math.max(1, Math.ceil((ofModule * this.#stats.meanCpu) / this.#instances))
    const what = ofHost ? `${queued} calls of this host are waiting already` : `${ofModule} calls of this module are waiting already`
    return callError('overloaded', `${what}; it may be worth trying again after ${retryAfter} ms`, {
      module: this.#module,
      function: name,
      phase: 'queued',
      figures: { queued: ofHost ? queued : ofModule, limit: ofHost ? maxQueue : this.#limit, retryAfter },
    })
  }

  /** Counts a call as waiting, and watches its deadline and signal, until `endWait`. */
  wait(call: Call, name: string | undefined, refuse: (error: CurfewError) => void): void {
    const unlisten = listen(call)
    this.#admission.queued++
    call.waited = true
    call.endWait = () => {
      this.#admission.queued--
      unlisten()
      forget(call)
      call.endWait = call.onStop = undefined
    }
    call.onStop = () => {
      const { code, cause } = call.stopped as Stop
      call.endWait?.()
      const error = failedCall(call, code, '', { module: this.#module, function: name }, cause)
      call.state = 'done'
      this.#stats.countRefused(code)
      refuse(error)
    }
    watch(call)
  }
}

/** Has the call's signal stop it, until the returned function is called. */
export function listen(call: Call): () => void {
  const { signal } = call.budget
  if (signal === undefined) return () => undefined
  const listener = () => call.stop('aborted', signal.reason)
  signal.addEventListener('abort', listener, { once: true })
  return () => signal.removeEventListener('abort', listener)
}
