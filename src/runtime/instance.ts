/** One live instantiation of a guarded module: entering it, stopping it, letting go of its memory. */
import { type Abi, type Attached, attachHook, EXHAUSTED, promising, UNITS_PER_MS } from '../abi.ts'
import { LoadError } from '../errors.ts'
import type { Call, Guest } from './call.ts'
import { now } from './clock.ts'
import { type Excess, excessStacks, giveStack, type Holding, type Ledger, takeStack } from './ledger.ts'
import { type Gauges, Portion } from './portion.ts'
import { canSuspend, enter, hook, leave } from './thread.ts'
import { UNCATCHABLE } from './trap.ts'

export type GuestFunction = (...args: unknown[]) => unknown
export type HostFunction = (...args: unknown[]) => unknown

/** By what an instance imports: see `hostFunction`. */
export interface HostFunctions {
  readonly functions: readonly HostFunction[]
  /** One of them has returned a promise. */
  promised(slot: number): void
}
/** Makes the imports of one instance, and tells it its host functions. */
export type MakeImports = (instance: Instance) => WebAssembly.Imports

/** What is charged for a synchronous call besides its credit, ms: one that does little does not count it. */
const AROUND = 0.0002

export class Instance implements Guest {
  readonly identity = {}
  exports: WebAssembly.Exports
  /** By index; the module's own and those that the guard exported. */
  memories: readonly WebAssembly.Memory[]
  /** The start function, if there is one: to be called once, before anything else. */
  start: GuestFunction | undefined
  /** Was it given a table or global through which guests may call each other? */
  isSharing = false
  /** Once set, every import throws an uncatchable trap: no host function runs for an instance that was stopped. */
  stopped = false
  /** Bytes of its memories when it was dropped. */
  leftBehind = 0
  /** As which its host functions see it. */
  caller: object | undefined
  /** Told when it is gone. */
  onDrop: (() => void) | undefined = undefined
  hostFunctions: HostFunctions = NONE
  /** The call that is suspended in a host function of it. */
  waiting: Call | undefined = undefined
  /** The call or lease that has it, and whether it is anybody's, those included that have ended while it is still entered: see `Tenants`. */
  holder: Call | undefined = undefined
  taken = false
  /** What runs its exchanges, see `guests/exchange.ts`. */
  exchanges: unknown = undefined
  /** Synchronous calls that run in it, one on top of the other. */
  entered = 0
  #counter: WebAssembly.Global | undefined
  /** Of a module that counts fuel. */
  #gauges: Gauges | undefined
  /** Fuel of the innermost call that runs here. */
  #portion: Portion | undefined
  /** The counter as the last synchronous call left it; NaN once anything else may have changed it. */
  #left = Number.NaN
  #holding: Holding | undefined
  readonly #promising = new Map<GuestFunction, (...args: unknown[]) => Promise<unknown>>()

  /**
   * @throws LoadError `limit-exceeded` if there is no room for it; WebAssembly.LinkError, WebAssembly.RuntimeError (an active segment out of
   * bounds), RangeError (out of memory)
   */
  constructor(module: WebAssembly.Module, abi: Abi, makeImports: MakeImports, ledger: Ledger) {
    ledger.admit(module, abi.memories?.length ?? 0, abi.heap)
    const instance = this.#instantiate(module, makeImports)
    const attached: Attached = attachHook(instance, abi, hook)
    this.exports = instance.exports
    this.memories = attached.memories
    this.start = attached.start as GuestFunction | undefined
    this.#counter = attached.counter
    const { fuel, depth } = attached
    if (fuel !== undefined && depth !== undefined) this.#gauges = { fuel, depth }
    this.#holding = ledger.hold(attached.memories, attached.tables, this.isSharing, abi.heap)
    const excess = this.#holding.look()
    if (excess === undefined) return
    this.drop()
    throw new LoadError('limit-exceeded', excess.what, { figures: excess.figures })
  }

  #instantiate(module: WebAssembly.Module, makeImports: MakeImports): WebAssembly.Instance {
    try {
      return new WebAssembly.Instance(module, makeImports(this))
    } catch (error) {
      this.onDrop?.() // it will never be
      throw error
    }
  }

  /** Bytes of all its memories. */
  get memorySize(): number {
    let size = 0
    for (const memory of this.memories) size += memory.buffer.byteLength
    return size
  }

  /** Counts what it has grown by. @returns why it must end, if that is too much */
  look(): Excess | undefined {
    return this.#holding?.look()
  }

  /** Runs a function, in slices if the engine can: resolves or rejects as the guest ends. */
  run(call: Call, fn: GuestFunction, args: readonly unknown[], at: number): Promise<unknown> {
    if (!canSuspend) return this.#runUnsliced(call, fn, args, at)
    const excess = excessStacks()
    if (excess !== undefined) {
      call.stop('overloaded', undefined, excess)
      return Promise.reject(UNCATCHABLE)
    }
    this.#left = Number.NaN
    enter(call)
    this.#fuel(call)
    call.instance = this
    call.sliced = true
    call.resume(at)
    let ended: Promise<unknown>
    try {
      ended = apply(this.#promised(fn), args)
    } catch (error) {
      ended = Promise.reject(error) // no stack was left to enter it
    }
    if (call.state === 'suspended') {
      takeStack()
      return ended.then(
        (returned) => {
          giveStack()
          this.#endOfSlice(call)
          return inFuel(call, returned)
        },
        (thrown) => {
          giveStack()
          this.#endOfSlice(call)
          throw thrown
        },
      )
    }
    this.#endOfSlice(call)
    return call.portion?.isOverdrawn ? ended.then((returned) => inFuel(call, returned)) : ended
  }

  /** The guest has returned or thrown, unless it was stopped while it was suspended: then it did not run again. */
  #endOfSlice(call: Call): void {
    leave(call)
    this.#unfuel(call)
    if (call.state === 'running') call.pause(now())
  }

  #fuel(call: Call): void {
    if (this.#gauges === undefined) return
    call.portion = this.#portion = new Portion(this.#gauges, call.budget.fuel, this.#portion, call.parent?.portion?.depth)
  }

  #unfuel({ portion }: Call): void {
    if (portion !== undefined) this.#portion = portion.end()
  }

  #promised(fn: GuestFunction): (...args: unknown[]) => Promise<unknown> {
    let promised = this.#promising.get(fn)
    if (promised === undefined) {
      promised = (promising as NonNullable<typeof promising>)(fn as (...args: never[]) => unknown)
      this.#promising.set(fn, promised)
    }
    return promised
  }

  async #runUnsliced(call: Call, fn: GuestFunction, args: readonly unknown[], at: number): Promise<unknown> {
    return this.runSync(call, fn, args, at)
  }

  /**
   * Runs a function to its end, on this stack. A call that has not begun by the clock does so at its first poll: if it ends before, it
   * took less than one grant of credit, and is charged by what it used of that.
   * @param at the time, if the call has begun
   */
  runSync(call: Call, fn: GuestFunction, args: readonly unknown[], at: number): unknown {
    const before = Number.isNaN(this.#left) ? this.#credit : this.#left
    this.#left = Number.NaN
    call.instance = this
    if (Number.isNaN(at)) call.begin()
    else call.resume(at)
    enter(call)
    this.#fuel(call)
    let returned: unknown
    try {
      returned = apply(fn, args)
    } finally {
      leave(call)
      this.#unfuel(call)
      if (Number.isNaN(call.began)) this.#chargeCredit(call, before)
      else call.pause(now())
    }
    return inFuel(call, returned)
  }

  #chargeCredit(call: Call, before: number): void {
    const left = this.#credit
    this.#left = left
    call.owner.account.charge(AROUND + (before > left ? (before - left) / UNITS_PER_MS : 0))
  }

  get #credit(): number {
    return this.#counter === undefined ? 0 : (this.#counter.value as number)
  }

  /** Has the guest ask its poll at the next check, because time has passed that it did not count. */
  pollSoon(): void {
    if (this.#counter !== undefined && (this.#counter.value as number) > 0) this.#counter.value = 0
  }

  /** Lets go, for good: whoever still holds this object does not hold the guest's memory with it. */
  drop(): void {
    this.stopped = true
    this.leftBehind += this.memorySize
    this.onDrop?.()
    this.#holding?.release()
    this.#promising.clear()
    this.hostFunctions = NONE
    this.caller = this.waiting = this.onDrop = undefined
    this.exports = NOTHING
    this.memories = []
    this.exchanges = this.start = this.#counter = this.#gauges = this.#holding = undefined
  }
}

/** What a guest returned, unless it had run out of fuel before. */
function inFuel<T>(call: Call, returned: T): T {
  if (!call.portion?.isOverdrawn) return returned
  call.exhausted(EXHAUSTED.fuel)
  throw UNCATCHABLE
}

/** Calls with what most functions take spelt out: spreading an array costs 15 ns. */
function apply<T>(fn: (...args: unknown[]) => T, args: readonly unknown[]): T {
  switch (args.length) {
    case 0:
      return fn()
    case 1:
      return fn(args[0])
    case 2:
      return fn(args[0], args[1])
    case 3:
      return fn(args[0], args[1], args[2])
    default:
      return fn(...args)
  }
}

const NOTHING: WebAssembly.Exports = Object.freeze({})
const NONE: HostFunctions = { functions: [], promised: () => undefined }
