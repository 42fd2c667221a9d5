/** Which call or lease has which instance of a module, and who waits for one, first come first served. */
import type { CurfewError } from '../errors.ts'
import type { Call } from '../runtime/call.ts'
import type { Instance } from '../runtime/instance.ts'
import type { GuestSpec } from './executor.ts'
import type { InstancePool } from './instance-pool.ts'
import { Line, type Waiter } from './line.ts'
import { type Admission, ready } from './scheduler.ts'
import type { Stats } from './stats.ts'

/** An instance that somebody has. */
interface Tenancy {
  /** Undefined once it was given back, while synchronous calls still run below on this stack. */
  holder: Call | undefined
  /** Synchronous calls that run in it. */
  entered: number
}

export class Tenants {
  readonly #pool: InstancePool
  readonly #admission: Admission
  readonly #most: number
  readonly #line: Line
  readonly #tenancies = new Map<Instance, Tenancy>()
  #closed = false
  #tellIdle: (() => void)[] = []

  constructor(spec: GuestSpec, pool: InstancePool, admission: Admission, stats: Stats) {
    this.#pool = pool
    this.#admission = admission
    this.#most = spec.instances
    this.#line = new Line(spec, admission, stats)
  }

  /** A free instance, for a call that need not wait behind others. */
  take(holder: Call): Instance | undefined {
    if (!this.#line.isEmpty || this.#tenancies.size >= this.#most) return undefined
    const instance = this.#pool.take()
    if (instance !== undefined) this.#tenancies.set(instance, { holder, entered: 0 })
    return instance
  }

  /** Waits for an instance, and for its turn. */
  enqueue(waiter: Waiter): void {
    const isFirst = this.#line.isEmpty && this.#hasFree
    const joined = this.#line.join(waiter, isFirst, () => {
      for (const [instance, { holder }] of this.#tenancies) if (holder === waiter.call) this.release(waiter.call, instance)
    })
    if (joined) this.next()
    else this.#checkIdle()
  }

  /** Counts a call of a lease as waiting for the one before, or for its turn. */
  wait(call: Call, name: string, refuse: (error: CurfewError) => void): void {
    this.#line.wait(call, name, refuse)
  }

  /** A call or lease that had the instance gives it back. */
  release(holder: Call, instance: Instance): void {
    const tenancy = this.#tenancies.get(instance)
    if (tenancy?.holder !== holder) return
    tenancy.holder = undefined
    this.#vacate(instance, tenancy)
  }

  /** A synchronous call of who has the instance runs in it: until `leave` nobody else gets it, even if its holder ends meanwhile. */
  enter(instance: Instance): void {
    const tenancy = this.#tenancies.get(instance)
    if (tenancy !== undefined) tenancy.entered++
  }

  leave(instance: Instance): void {
    const tenancy = this.#tenancies.get(instance)
    if (tenancy === undefined) return
    tenancy.entered--
    this.#vacate(instance, tenancy)
  }

  /** Gives instances that are free to those that wait longest. */
  next(): void {
    while (!this.#line.isEmpty && !this.#closed && this.#tenancies.size < this.#most) {
      const instance = this.#pool.take()
      if (instance === undefined) return this.#pool.revive(this.#line.length, (error) => this.#line.refuseAll(error))
      const waiter = this.#line.shift() as Waiter
      this.#tenancies.set(instance, { holder: waiter.call, entered: 0 })
      ready(waiter.call, this.#admission, (at) => this.#grant(waiter, instance, at))
    }
    this.#checkIdle()
  }

  close(): void {
    this.#closed = true
    this.#line.stopAll('closed')
    for (const { holder } of this.#tenancies.values()) holder?.stop('closed')
  }

  /** Resolves when nobody has an instance or waits for one. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#tellIdle.push(resolve)
      this.#checkIdle()
    })
  }

  get #hasFree(): boolean {
    return this.#tenancies.size < this.#most && this.#pool.hasReady
  }

  /** The waiter's turn has come. */
  #grant(waiter: Waiter, instance: Instance, at: number): void {
    if (instance.stopped) {
      // It went in the meantime
      this.#line.unshift(waiter)
      return this.release(waiter.call, instance)
    }
    waiter.call.endWait?.()
    waiter.grant(instance, at)
  }

  #vacate(instance: Instance, { holder, entered }: Tenancy): void {
    if (holder !== undefined || entered > 0) return
    this.#tenancies.delete(instance)
    this.#pool.giveBack(instance)
    this.next()
  }

  #checkIdle(): void {
    if (this.#tellIdle.length === 0 || this.#tenancies.size > 0 || !this.#line.isEmpty) return
    const told = this.#tellIdle
    this.#tellIdle = []
    for (const tell of told) tell()
  }
}
