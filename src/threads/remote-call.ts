/** A call of a guest on another thread that has called the host: what stands for it on this one, until that thread says that it is over. */
import { ALL_FUEL } from '../budget.ts'
import type { ErrorCode } from '../errors.ts'
import { Call, type CallOwner } from '../runtime/call.ts'
import { now } from '../runtime/clock.ts'
import { Portion } from '../runtime/portion.ts'
import type { HostCall } from './host-functions.ts'
import type { FuelChange } from './messages.ts'
import type { RemoteInstance } from './remote-instance.ts'
import type { RemoteThread } from './remote-thread.ts'
import { fromShared } from './shared-time.ts'

export class RemoteCall extends Call {
  readonly thread: RemoteThread
  readonly number: number
  /** Why the host function that runs may return no promise. */
  whyNotWait: string | undefined
  /** What the thread knows of the fuel. */
  #told: FuelChange = { refilled: 0n, used: 0n }
  #given = 0n

  /** @param parent the call that it is nested in */
  constructor(owner: CallOwner, thread: RemoteThread, { call: number, deadline, isStarting }: HostCall, parent: RemoteCall | undefined) {
    const began = now()
    const timeout = fromShared(deadline) - began
    super(owner, { timeout, cpuTimeout: Number.POSITIVE_INFINITY, fuel: ALL_FUEL, slice: 0, signal: undefined, timeoutCode: 'deadline' }, began)
    this.thread = thread
    this.number = number
    this.parent = parent
    this.starting = isStarting === true
    this.begin()
    this.onStop = () => {
      const { code, cause } = this.stopped as { code: ErrorCode; cause?: unknown }
      thread.tell({ verb: 'stop', call: number, code, cause: thread.crossing.send(cause), fuel: this.takeFuel() })
    }
  }

  /** Its guest calls a function. */
  enterHost(instance: RemoteInstance, { fuel, whyNotWait }: HostCall): void {
    this.instance = this.hosting = instance
    this.whyNotWait = whyNotWait
    this.setFuel(fuel)
  }

  /** The function has promised its result, for which the guest waits. */
  waitInHost(instance: RemoteInstance, { blocks }: HostCall): void {
    this.state = 'suspended'
    instance.waiting = this
    if (blocks) this.thread.blocking = this
  }

  leaveHost(): void {
    const instance = this.hosting as RemoteInstance | undefined
    if (instance?.waiting === this) instance.waiting = undefined
    if (this.thread.blocking === this) this.thread.blocking = undefined
    this.hosting = undefined
    if (this.state === 'suspended') this.state = 'running'
  }

  /** It was stopped, and its thread knows that or will. */
  wasStopped(code: ErrorCode, cause: unknown): void {
    this.onStop = undefined
    this.stop(code, cause)
  }

  /** It is over, and its thread knows no more of it. */
  over(stop: { readonly code: ErrorCode; readonly cause: unknown } | undefined): void {
    if (stop !== undefined) this.wasStopped(stop.code, stop.cause)
    this.leaveHost()
    this.finish()
  }

  setFuel(left: bigint | undefined): void {
    if (left === undefined) return
    const gauges = { fuel: new WebAssembly.Global({ value: 'i64', mutable: true }, 0n), depth: new WebAssembly.Global({ value: 'i32', mutable: true }, 0) }
    this.portion = new Portion(gauges, left, undefined)
    this.#given = left
    this.#told = { refilled: 0n, used: 0n }
  }

  /** What has become of its fuel since the thread was told. */
  takeFuel(): FuelChange | undefined {
    const { portion } = this
    if (portion === undefined) return undefined
    const { refilled, used } = this.#told
    this.#told = { refilled: portion.given - this.#given, used: portion.used }
    return { refilled: this.#told.refilled - refilled, used: this.#told.used - used }
  }
}
