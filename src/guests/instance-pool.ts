/** The instances of a module: made, readied, dropped, and made again; with back-off when that fails. */
import { CurfewError, callError, engineMessage, isOf, LoadError } from '../errors.ts'
import { now } from '../runtime/clock.ts'
import { awaitCollection, isPiledUp, stopWaiting } from '../runtime/dropped-memory.ts'
import { isLarge } from '../runtime/fresh-memory.ts'
import { Instance, type MakeImports } from '../runtime/instance.ts'
import { hostingCall } from '../runtime/thread.ts'
import { nextTurn, usedOfTurn } from '../runtime/turn.ts'
import type { GuestSpec } from './executor.ts'
import { makeImports } from './linking.ts'
import { Readying } from './readying.ts'
import type { Runner } from './runner.ts'
import type { Stats } from './stats.ts'

/** So many failures in a row make a module broken. */
const PATIENCE = 3
/** First back-off, ms; it doubles up to the last. */
const FIRST_BACKOFF = 100
const LAST_BACKOFF = 30_000
/** So many instances are made in a turn of the event loop ahead of who needs them; one, if guests have had so many ms of it. */
const PER_TURN = 16
const TURN = 1

/** Whose instance left so much is not given another one while much is piled up, bytes. */
const MUCH = 1024 * 1024

/** What V8 says when the system refuses it a memory. */
const OUT_OF_MEMORY = /out of memory|could not allocate/i

export class InstancePool {
  readonly #spec: GuestSpec
  readonly #makeImports: MakeImports
  readonly #reuses: boolean
  readonly #guest: Runner
  readonly #stats: Stats
  readonly #onChange: () => void
  /** Those that a call may have, the one used last at the end: what it touched may still be in the caches. */
  readonly #ready: Instance[] = []
  /** They, and those that calls have. */
  readonly #live = new Set<Instance>()
  /** Those that are gone, while a lease still has them, or a call that ends. */
  readonly #lost = new Set<Instance>()
  readonly #readying: Readying
  #closed = false
  #failures = 0
  #lastFailure: LoadError | undefined
  #retryAt = 0
  #fillsLater = false
  /** Did the instance that was dropped last leave much? */
  #leftMuch = false
  #awaitsCollection = false
  readonly #fillAgain = (): void => {
    this.#awaitsCollection = false
    this.#fillLater()
  }

  /** @param onChange told when there is an instance more, or when there will be none for a while */
  constructor(spec: GuestSpec, guest: Runner, stats: Stats, onChange: () => void) {
    this.#spec = spec
    this.#makeImports = makeImports(spec.imports, guest)
    this.#reuses = spec.reuse === 'always'
    this.#guest = guest
    this.#stats = stats
    this.#onChange = onChange
    this.#readying = new Readying(spec, guest)
  }

  /** Makes the first instances. @throws LoadError */
  async begin(): Promise<void> {
    const { instances, signal, name } = this.#spec
    const made: Instance[] = []
    try {
      while (made.length < instances) {
        const instance = this.#instantiate()
        if (this.#readying.needs(instance)) await this.#readying.ready(instance, signal).finally(() => this.#readying.release(instance))
        made.push(instance)
        if (made.length < instances && usedOfTurn() >= TURN) await new Promise<void>(nextTurn)
        if (this.#closed || signal?.aborted)
          throw new LoadError(this.#closed ? 'closed' : 'aborted', 'loading was ended between two instances', { module: name, cause: signal?.reason })
      }
    } catch (error) {
      for (const instance of made) instance.drop()
      throw error
    }
    for (const instance of made) this.#add(instance)
  }

  /** Those that calls have or may have, gone ones included. */
  get all(): Iterable<Instance> {
    return this.#lost.size === 0 ? this.#live : [...this.#live, ...this.#lost]
  }

  /** Bytes of all memories of its instances. */
  get memorySize(): number {
    let size = 0
    for (const instance of this.#live) size += instance.memorySize
    return size
  }

  /** Is there one for a call or lease, or can one be made at once? After a back-off none is made until somebody asks. */
  hasOne(): boolean {
    if (this.#ready.length === 0) this.#fill(Math.min(1, this.#missing))
    return this.#ready.length > 0
  }

  /** For a call or lease. */
  take(): Instance | undefined {
    const instance = this.hasOne() ? this.#ready.pop() : undefined
    // The next one is readied while this one runs; one whose memory has to be touched would take its time from this one, and is readied after it
    if (!this.#reuses && instance !== undefined && !isLarge(instance)) this.#fillLater()
    return instance
  }

  /** For a call that cannot wait, not even for what was left to be collected: one of which only the memory has yet to be touched is readied at once. */
  takeNow(): Instance | undefined {
    const ready = this.take()
    if (ready !== undefined) return ready
    if (this.#awaitsCollection) this.#fill(Math.min(1, this.#missing), true)
    const hurried = this.#readying.hurry()
    if (hurried !== undefined) this.#readied(hurried)
    return this.#ready.length > 0 ? this.take() : undefined
  }

  /** A call or lease is done with it. */
  giveBack(instance: Instance): void {
    if (instance.stopped) this.#lost.delete(instance)
    else if (this.#reuses) this.#ready.push(instance)
    else {
      this.#live.delete(instance)
      instance.drop()
      this.#leftMuch = instance.leftBehind > MUCH
      this.#fillLater()
    }
  }

  /** Lets go of an instance; the next is made at once, unless nothing is to come, or too much is left. @returns was it ready for calls? */
  drop(instance: Instance, isLast: boolean): boolean {
    if (!instance.stopped) instance.drop()
    if (!this.#live.delete(instance)) return false
    if (instance.taken) this.#lost.add(instance)
    const at = this.#ready.indexOf(instance)
    if (at >= 0) this.#ready.splice(at, 1)
    this.#leftMuch = instance.leftBehind > MUCH
    if (!isLast) this.#fill(this.#missing)
    return true
  }

  /** None is ready, and so many wait. */
  revive(waiting: number, refuse: (error: CurfewError) => void): void {
    const broken = this.broken(undefined)
    if (broken !== undefined) return refuse(broken)
    this.#fill(Math.min(waiting, this.#missing))
    if (this.#missing > 0) this.#fillLater()
  }

  /** Why no call is taken now, if the module could not be restarted. */
  broken(name: string | undefined): CurfewError | undefined {
    if (this.#live.size > 0 || this.#readying.count > 0 || !this.#backsOff) return undefined
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
    stopWaiting(this.#fillAgain)
    this.#readying.close()
    for (const instance of [...this.#live]) instance.drop()
    this.#ready.length = 0
  }

  /** Those that calls will get next; with `reuse: 'never'` as many as may run, whatever runs. */
  get #missing(): number {
    const have = this.#reuses ? this.#live.size : this.#ready.length
    return this.#spec.instances - have - this.#readying.count
  }

  get #backsOff(): boolean {
    return this.#failures >= PATIENCE && now() < this.#retryAt
  }

  /** In the next turn, so that who has just got a result need not wait for it. */
  #fillLater(): void {
    if (this.#fillsLater || this.#closed) return
    this.#fillsLater = true
    nextTurn(() => {
      this.#fillsLater = false
      this.#fill(Math.min(this.#missing, usedOfTurn() >= TURN ? 1 : PER_TURN))
      if (this.#missing > 0 && !this.#backsOff && !this.#awaitsCollection) this.#fillLater()
    })
  }

  /** @param atOnce although much is left */
  #fill(count: number, atOnce = false): void {
    if (count > 0 && !this.#closed && !atOnce && this.#leftMuch && isPiledUp()) {
      this.#awaitsCollection = true
      return awaitCollection(this.#fillAgain)
    }
    for (let left = count; left > 0 && !this.#closed && !this.#backsOff; left--) this.#make()
  }

  #make(): void {
    // Under a host function a start function would run on its guest's stack, unsliced and within that call's limits
    if (hostingCall() !== undefined) return queueMicrotask(() => this.#fill(Math.min(1, this.#missing)))
    try {
      const instance = this.#instantiate()
      if (!this.#readying.needs(instance)) return this.#available(instance)
      // Until it is live, or has failed, it counts as being readied: who counts in between would make one too many
      void this.#readying.ready(instance, undefined).then(
        () => this.#readied(instance),
        (error: LoadError) => {
          this.#readying.release(instance)
          this.#failedToStart(error)
        },
      )
    } catch (error) {
      this.#failedToStart(error as LoadError)
    }
  }

  /** Unless that was known before its promise has told: see `takeNow`. */
  #readied(instance: Instance): void {
    if (this.#readying.release(instance)) this.#available(instance)
  }

  #available(instance: Instance): void {
    if (this.#closed) return instance.drop()
    this.#failures = 0
    this.#add(instance)
    if (this.#reuses) this.#spec.onEvent({ kind: 'restart', generation: this.#stats.generation })
    this.#onChange()
  }

  #add(instance: Instance): void {
    this.#live.add(instance)
    this.#ready.push(instance)
  }

  #failedToStart(error: LoadError): void {
    this.#lastFailure = error
    this.#spec.onEvent({ kind: 'restart', generation: this.#stats.generation, error })
    // It was begun before: what many instances fail by at a time is one failure of the module
    if (this.#backsOff) return this.#onChange()
    this.#failures++
    // What was dropped in this turn can be collected in the next
    if (this.#failures < PATIENCE) return error.code === 'limit-exceeded' ? this.#fillLater() : this.#fill(1)
    this.#retryAt = now() + Math.min(LAST_BACKOFF, FIRST_BACKOFF * 2 ** (this.#failures - PATIENCE))
    this.#onChange()
  }

  /** @throws LoadError `instantiation-failed`; `limit-exceeded` if there is no room; `invalid-import` where types differ in what JavaScript cannot see, or for what a factory did */
  #instantiate(): Instance {
    const { compiled, abi, name } = this.#spec
    this.#stats.generation++
    const began = now()
    try {
      return new Instance(compiled, abi, this.#makeImports, this.#guest.ledger)
    } catch (cause) {
      if (isOf(cause, LoadError)) throw new LoadError(cause.code, cause.what, { module: name, figures: cause.figures, cause: cause.cause })
      if (isOf(cause, CurfewError)) throw cause
      if (isOf(cause, RangeError) && OUT_OF_MEMORY.test(cause.message))
        throw new LoadError('limit-exceeded', `the system has no memory for another instance: ${engineMessage(cause)}`, { module: name, cause })
      if (isOf(cause, WebAssembly.LinkError)) throw new LoadError('invalid-import', `an import does not fit: ${engineMessage(cause)}`, { module: name, cause })
      throw new LoadError('instantiation-failed', `the module could not be instantiated: ${engineMessage(cause)}`, {
        module: name,
        cause,
      })
    } finally {
      const took = now() - began
      if (took > 0) this.#guest.account.charge(took)
    }
  }
}
