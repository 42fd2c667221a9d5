/** Calls and leases of a module that wait while it is on no thread, within what each may take. */
import { ALL_FUEL } from '../budget.ts'
import { type CurfewError, callError, type ErrorCode } from '../errors.ts'
import type { GuestSpec } from '../guests/executor.ts'
import { Line } from '../guests/line.ts'
import type { Admission } from '../guests/scheduler.ts'
import type { Stats } from '../guests/stats.ts'
import { Call, type CallOwner } from '../runtime/call.ts'
import { now } from '../runtime/clock.ts'
import type { RemoteThread } from './remote-thread.ts'

export interface WaitLimits {
  readonly timeout: number
  readonly signal: AbortSignal | undefined
  readonly timeoutCode: ErrorCode
  readonly began: number
}

export class ThreadLine {
  readonly #owner: CallOwner
  readonly #line: Line
  readonly #stats: Stats
  readonly #thread: () => RemoteThread | undefined
  #tellEmpty: (() => void)[] = []

  /** @param thread the one that there is, if there is one */
  constructor(owner: CallOwner, spec: GuestSpec, admission: Admission, stats: Stats, thread: () => RemoteThread | undefined) {
    this.#owner = owner
    this.#line = new Line(spec, admission, stats)
    this.#stats = stats
    this.#thread = thread
  }

  /** Until there is a thread again. @param name the function's; a lease has none @throws CurfewError if something stops it first, which has been counted then */
  wait(name: string | undefined, { timeout, signal, timeoutCode, began }: WaitLimits): Promise<RemoteThread> {
    if (signal?.aborted) return Promise.reject(this.#stats.refused(abortedBefore(this.#owner.name, name, signal)))
    const budget = { timeout, cpuTimeout: Number.POSITIVE_INFINITY, fuel: ALL_FUEL, slice: 0, signal, timeoutCode }
    const call = new Call(this.#owner, budget, began)
    return new Promise((resolve, reject) => {
      const grant = () => resolve(this.#thread() as RemoteThread)
      this.#line.join({ call, name, grant, refuse: reject }, false, () => this.#checkEmpty())
    })
  }

  /** There is a thread: all of them go on. */
  moveOn(): void {
    for (let waiter = this.#line.shift(); waiter !== undefined; waiter = this.#line.shift()) {
      waiter.call.endWait?.()
      waiter.call.state = 'done'
      waiter.grant(undefined as never, now())
    }
    this.#checkEmpty()
  }

  close(): void {
    this.#line.stopAll('closed')
  }

  /** Until nobody waits. */
  async empty(): Promise<void> {
    while (!this.#line.isEmpty) await new Promise<void>((resolve) => this.#tellEmpty.push(resolve))
  }

  #checkEmpty(): void {
    const told = this.#tellEmpty
    this.#tellEmpty = []
    for (const tell of told) tell()
  }
}

export function abortedBefore(module: string, name: string | undefined, signal: AbortSignal): CurfewError {
  return callError('aborted', 'the call was aborted before it began', { module, function: name, phase: 'queued', cause: signal.reason })
}
