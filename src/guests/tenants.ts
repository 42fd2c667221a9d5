/** Which call or lease has which instance of a module, and who waits for one, first come first served. */
import { type CurfewError, callError } from '../errors.ts'
import type { Call } from '../runtime/call.ts'
import type { Instance } from '../runtime/instance.ts'
import type { GuestSpec } from './executor.ts'
import type { InstancePool } from './instance-pool.ts'
import { Line, type Waiter } from './line.ts'
import { enterWait } from './reentrancy.ts'
import { type Admission, hurry, ready } from './scheduler.ts'
import type { Stats } from './stats.ts'

export class Tenants {
  readonly #module: string
  readonly #pool: InstancePool
  readonly #admission: Admission
  readonly #most: number
  readonly #line: Line
  /** Instances that somebody has. */
  #taken = 0
  /** Waiters whose calls host functions have made, while their guests wait. */
  #inner = 0
  #closed = false
  #isGiving = false
  #tellIdle: (() => void)[] = []

  constructor(spec: GuestSpec, pool: InstancePool, admission: Admission, stats: Stats) {
    this.#module = spec.name
    this.#pool = pool
    this.#admission = admission
    this.#most = spec.instances
    this.#line = new Line(spec, admission, stats)
  }

  /** A free instance, for a call that need not wait behind others. */
  take(holder: Call): Instance | undefined {
    return this.#line.isEmpty ? this.#give(holder) : undefined
  }

  /** The same, for a call that cannot wait at all. */
  takeNow(holder: Call): Instance | undefined {
    return this.#line.isEmpty ? this.#give(holder, true) : undefined
  }

  /** Waits for an instance, and for its turn. */
  enqueue(waiter: Waiter): void {
    const isFirst = this.#line.isEmpty && this.#hasFree()
    const joined = this.#line.join(waiter, isFirst, () => {
      for (const instance of this.#pool.all) this.release(waiter.call, instance)
      this.#checkIdle()
    })
    if (joined && waiter.call.origin !== undefined) this.#enterInner(waiter)
    if (joined) this.next()
    else this.#checkIdle()
  }

  /** A call that a host function makes while its guest waits for it, maybe: is that for ever? */
  #enterInner(waiter: Waiter): void {
    const { call, name } = waiter
    const leave = enterWait({
      origin: call.origin,
      holders: () => this.#holders(),
      refuse: () => {
        this.#line.refuse(waiter, reentrant(this.#module, name, this.#most))
        this.#checkIdle()
      },
    })
    if (call.state === 'done') return leave()
    this.#inner++
    for (const { holder } of this.#pool.all) if (holder !== undefined) hurry(holder)
    const end = call.endWait
    call.endWait = () => {
      this.#inner--
      leave()
      end?.()
    }
  }

  /** Who have all of the instances that there may be; undefined if one is free, or is left without anybody giving it back. */
  #holders(): readonly Call[] | undefined {
    const holders = [...this.#pool.all].flatMap(({ holder }) => holder ?? [])
    return this.#taken < this.#most || holders.length < this.#taken ? undefined : holders
  }

  /** Counts a call of a lease as waiting for the one before, or for its turn. */
  wait(call: Call, name: string, refuse: (error: CurfewError) => void): void {
    this.#line.wait(call, name, refuse)
  }

  /** A call or lease that had the instance gives it back. */
  release(holder: Call, instance: Instance): void {
    if (instance.holder !== holder) return
    instance.holder = undefined
    this.#vacate(instance)
  }

  /** A synchronous call of who has the instance runs in it: until `leave` nobody else gets it, even if its holder ends meanwhile. */
  enter(instance: Instance): void {
    instance.entered++
  }

  leave(instance: Instance): void {
    instance.entered--
    this.#vacate(instance)
  }

  /** Gives instances that are free to those that wait longest. */
  next(): void {
    // A call whose time is up gives its back at once. The loop goes on with that: thousands of them, each within the one before, overflow the stack
    if (this.#isGiving) return
    this.#isGiving = true
    try {
      this.#giveAll()
    } finally {
      this.#isGiving = false
    }
    if (!this.#line.isEmpty && !this.#closed && this.#taken < this.#most) this.#pool.revive(this.#line.length, (error) => this.#line.refuseAll(error))
    this.#checkIdle()
  }

  close(): void {
    this.#closed = true
    this.#line.stopAll('closed')
    for (const instance of this.#pool.all) instance.holder?.stop('closed')
  }

  /** Resolves when nobody has an instance or waits for one. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#tellIdle.push(resolve)
      this.#checkIdle()
    })
  }

  #hasFree(): boolean {
    return this.#taken < this.#most && this.#pool.hasOne()
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

  #giveAll(): void {
    while (!this.#line.isEmpty && !this.#closed) {
      const { call } = this.#line.first as Waiter
      const instance = this.#give(call)
      if (instance === undefined) return
      const waiter = this.#line.shift() as Waiter
      ready(call, this.#admission, (at) => this.#grant(waiter, instance, at))
    }
  }

  #give(holder: Call, now = false): Instance | undefined {
    if (this.#taken >= this.#most) return undefined
    const instance = now ? this.#pool.takeNow() : this.#pool.take()
    if (instance === undefined) return undefined
    instance.holder = holder
    if (this.#inner > 0) hurry(holder)
    instance.taken = true
    this.#taken++
    return instance
  }

  #vacate(instance: Instance): void {
    if (!instance.taken || instance.holder !== undefined || instance.entered > 0) return
    instance.taken = false
    this.#taken--
    this.#pool.giveBack(instance)
    if (!this.#line.isEmpty || this.#tellIdle.length > 0) this.next()
  }

  #checkIdle(): void {
    if (this.#tellIdle.length === 0 || this.#taken > 0 || !this.#line.isEmpty) return
    const told = this.#tellIdle
    this.#tellIdle = []
    for (const tell of told) tell()
  }
}

/** @param instances of the module: all are held by who waits for the call */
export function reentrant(module: string, name: string | undefined, instances: number): CurfewError {
  const what =
    instances === 1
      ? 'the only instance of the module waits for the host function that makes this call'
      : `all ${instances} instances of the module wait for the host function that makes this call, or for others that wait likewise`
  return callError('reentrant', what, { module, function: name, phase: 'queued', figures: { instances } })
}
