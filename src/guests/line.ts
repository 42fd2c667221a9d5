/** Who waits for an instance of a module, first come first served; each until its turn comes or something stops it. */
import { type CurfewError, callError, type ErrorCode } from '../errors.ts'
import type { Call, Stop } from '../runtime/call.ts'
import type { Instance } from '../runtime/instance.ts'
import { failedCall } from './failure.ts'
import { type Admission, forget, watch } from './scheduler.ts'

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
  readonly #admission: Admission
  readonly #count: (code: ErrorCode) => void
  readonly #waiters: Waiter[] = []

  /** @param count told of each call that was refused */
  constructor(module: string, admission: Admission, count: (code: ErrorCode) => void) {
    this.#module = module
    this.#admission = admission
    this.#count = count
  }

  get length(): number {
    return this.#waiters.length
  }

  get isEmpty(): boolean {
    return this.#waiters.length === 0
  }

  /**
   * @param isFirst it waits for its turn only, behind nobody: `maxQueue` is not about that
   * @param left called if the waiter is stopped, before it is refused
   * @returns false if there is no room, and it was refused
   */
  join(waiter: Waiter, isFirst: boolean, left: () => void): boolean {
    const { call, name, refuse } = waiter
    const { queued, maxQueue } = this.#admission
    if (!isFirst && queued >= maxQueue) {
      const details = { module: this.#module, function: name, phase: 'queued' as const, figures: { queued, limit: maxQueue } }
      this.#count('overloaded')
      refuse(callError('overloaded', `${queued} calls of this host are waiting already`, details))
      return false
    }
    this.#waiters.push(waiter)
    this.wait(call, name, (error) => {
      const at = this.#waiters.indexOf(waiter)
      if (at >= 0) this.#waiters.splice(at, 1)
      left()
      refuse(error)
    })
    return true
  }

  /** The one that has waited longest; it still counts as waiting until it begins. */
  shift(): Waiter | undefined {
    return this.#waiters.shift()
  }

  /** Puts back who was taken too early. */
  unshift(waiter: Waiter): void {
    this.#waiters.unshift(waiter)
  }

  stopAll(code: ErrorCode): void {
    for (const { call } of this.#waiters.slice()) call.stop(code)
  }

  refuseAll(error: CurfewError): void {
    for (const { call, refuse } of this.#waiters.splice(0)) {
      call.endWait?.()
      call.state = 'done'
      this.#count(error.code)
      refuse(error)
    }
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
      this.#count(code)
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
