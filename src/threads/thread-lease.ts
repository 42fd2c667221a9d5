/** A lease of an instance of another thread. */
import type { Allowance } from '../budget.ts'
import { callError } from '../errors.ts'
import { originHere } from '../guests/async-context.ts'
import type { NestedTerms } from '../guests/caller.ts'
import type { GuestLease, Particulars } from '../guests/executor.ts'
import type { Signature } from '../guests/signature.ts'
import type { CallOwner } from '../runtime/call.ts'
import { now } from '../runtime/clock.ts'
import type { CallRequests } from './call-requests.ts'
import type { LeaseState } from './messages.ts'
import { noSync } from './refusals.ts'
import type { RemoteCall } from './remote-call.ts'
import { callAround, type RemoteInstance } from './remote-instance.ts'
import type { About, RemoteThread, Request, Tenancy } from './remote-thread.ts'

/** What is particular to a call, and when it was made. */
export type Began = Particulars & { readonly began: number }

/** The module whose instance it is. */
export interface Lessor {
  readonly name: string
  readonly owner: CallOwner
  readonly requests: CallRequests
  readonly about: About
  runNested(call: RemoteCall, signature: Signature, args: readonly unknown[], terms: NestedTerms): unknown[]
}

export class ThreadLease implements GuestLease, Tenancy {
  readonly stopped: Promise<never>
  readonly #guest: Lessor
  readonly #thread: RemoteThread
  readonly #id: number
  readonly #unlisten: () => void
  #reject: (error: unknown) => void = () => undefined
  #memorySize = 0
  /** Known once that has called the host. */
  #instance: RemoteInstance | undefined
  /** Why every operation throws, once the lease is over. */
  #over: (() => unknown) | undefined

  /** @param signal the lease ends with it */
  constructor(guest: Lessor, thread: RemoteThread, state: LeaseState, signal: AbortSignal | undefined) {
    this.#guest = guest
    this.#thread = thread
    this.#id = state.lease
    this.stopped = new Promise((_, reject) => {
      this.#reject = reject
    })
    this.stopped.catch(() => undefined) // whoever waits for it is told; nobody need
    const abort = () => thread.abort(this.#id, signal?.reason)
    signal?.addEventListener('abort', abort, { once: true })
    this.#unlisten = () => signal?.removeEventListener('abort', abort)
    thread.leases.set(this.#id, this)
    this.#update(state)
  }

  async call(
    signature: Signature,
    args: readonly unknown[],
    allowance: Allowance,
    signal: AbortSignal | undefined,
    particulars?: Particulars,
  ): Promise<unknown[]> {
    this.#check()
    const around = this.#callAround
    if (around !== undefined) return this.#guest.runNested(around, signature, args, { allowance, signal, particulars })
    const began = now()
    const origin = originHere()
    const id = this.#thread.id()
    const order = {
      verb: 'step' as const,
      id,
      lease: this.#id,
      ...this.#guest.requests.make(this.#thread, signature, args, allowance, signal, { ...particulars, began, isInner: origin !== undefined }),
    }
    const about = { ...this.#guest.about, ...particulars, function: signature.name, origin, lease: this }
    return this.#thread.results({ value: await this.#step(order, about, began + allowance.timeout, signal) })
  }

  callSync(signature: Signature, args: readonly unknown[], allowance: Allowance, particulars?: Particulars): unknown[] {
    this.#check()
    const around = this.#callAround
    if (around !== undefined) return this.#guest.runNested(around, signature, args, { allowance, signal: undefined, particulars })
    throw noSync(this.#guest.name, signature.name)
  }

  async read(address: number | bigint, length: number, memory: number): Promise<Uint8Array> {
    this.#check()
    if (this.#callAround !== undefined) return this.#own.memory(memory).read(address, length)
    return (await this.#step({ verb: 'read', id: this.#thread.id(), lease: this.#id, address, length, memory }, this.#noCall, now())) as Uint8Array
  }

  async write(address: number | bigint, bytes: Uint8Array, memory: number): Promise<void> {
    this.#check()
    if (this.#callAround !== undefined) return this.#own.memory(memory).write(address, bytes)
    // A copy, as they are now, and not of the whole buffer that they may be a part of
    const copy = new Uint8Array(bytes)
    await this.#step({ verb: 'write', id: this.#thread.id(), lease: this.#id, address, bytes: copy, memory }, this.#noCall, now())
  }

  get memorySize(): number {
    this.#check()
    return this.#memorySize
  }

  release(): void {
    this.#over ??= () => callError('stale', 'the instance of this lease is gone', { module: this.#guest.name })
    this.#leave()
    this.#thread.tell({ verb: 'release', lease: this.#id })
  }

  ended(error: unknown, state: LeaseState | undefined): void {
    if (state !== undefined) this.#update(state)
    this.#over ??= () => error
    this.#leave()
    this.#reject(error)
  }

  runsIn(instance: RemoteInstance): void {
    this.#instance = instance
  }

  /** The call of this instance whose host function makes a call now. */
  get #callAround(): RemoteCall | undefined {
    return this.#instance === undefined ? undefined : callAround(this.#guest.owner, this.#instance)
  }

  get #own(): RemoteInstance {
    return this.#instance as RemoteInstance
  }

  /** What reads and writes are about: they are not counted if the thread is lost. */
  get #noCall(): About {
    return { module: this.#guest.name }
  }

  #step(order: Request, about: About, due: number, signal?: AbortSignal): Promise<unknown> {
    return this.#thread.ask(order, about, due, signal, ({ value, lease }) => {
      if (lease !== undefined) this.#update(lease)
      return value
    })
  }

  #update(state: LeaseState): void {
    if ('memorySize' in state) {
      this.#memorySize = state.memorySize
      return
    }
    const error = this.#thread.crossing.receive(state.over)
    this.#over = () => error
  }

  #leave(): void {
    this.#unlisten()
    this.#thread.leases.delete(this.#id)
  }

  #check(): void {
    if (this.#over !== undefined) throw this.#over()
  }
}
