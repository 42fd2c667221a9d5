/** The guest that calls a host function, as that sees it. */
import { type Allowance, fuelLimitOf } from '../budget.ts'
import { callError } from '../errors.ts'
import type { Call } from '../runtime/call.ts'
import { now } from '../runtime/clock.ts'
import type { Portion } from '../runtime/portion.ts'
import { hostingCall } from '../runtime/thread.ts'
import { UNCATCHABLE } from '../runtime/trap.ts'
import { originHere } from './async-context.ts'
import type { Particulars } from './executor.ts'
import { countsNoFuel, fuelAmount } from './fuel-amount.ts'
import type { GuestMemory } from './guest-memory.ts'
import { checkArguments, type Signature, signatureOf } from './signature.ts'

/** The instance behind a caller, of this thread or another. */
export interface CallingInstance {
  readonly signatures: ReadonlyMap<string, Signature>
  /** The call whose host function runs, or is waited for; undefined if there is none. */
  hostedCall(): Call | undefined
  /** Is it this instance that a call has entered? */
  isEnteredBy(call: Call): boolean
  /** @throws UsageError `out-of-bounds` if there is no such memory */
  memory(index: number): GuestMemory
  /** Can the guest be suspended until a promise has settled? */
  canSuspend(call: Call): boolean
  /** Runs an export, nested in that call. @param terms the module's own, by default */
  callNested(call: Call, signature: Signature, args: readonly unknown[], terms?: NestedTerms): unknown[]
}

/** What a nested call is made with. */
export interface NestedTerms {
  readonly allowance: Allowance
  readonly signal: AbortSignal | undefined
  readonly particulars?: Particulars | undefined
}

/** The context of a call that is a run: what its maker gave, and what the run has for the functions of a standard, WASI say. */
export class RunContext {
  readonly given: unknown
  readonly run: object

  constructor(given: unknown, run: object) {
    this.given = given
    this.run = run
  }
}

/** Tells a caller that its instance is gone. */
export let tellGone: (caller: Caller) => void

/** Tells a caller its instance. */
export let attach: (caller: Caller, instance: CallingInstance) => void

/** The caller of the host function that is running, or goes on after an `await`; `undefined` outside of any. */
export function currentCall(): Caller | undefined {
  return (hostingCall()?.hosting ?? originHere()?.instance)?.caller as Caller | undefined
}

/**
 * The instance that calls a host function, and the call that this is part of: Wasmtime's `Caller`, Wazero's `api.Module` of a host function. It can be
 * used while a host function of the instance runs, and while the instance waits for what one has promised.
 */
export class Caller {
  /** Name of its module. */
  readonly module: string
  #calling: CallingInstance | undefined
  #gone: AbortController | undefined
  #isGone = false

  static {
    tellGone = (caller) => {
      const gone = caller.#gone
      caller.#isGone = true
      // In a microtask: who listens may do anything, and this may be the middle of a stop
      if (gone !== undefined) queueMicrotask(() => gone.abort())
    }
    attach = (caller, instance) => {
      caller.#calling = instance
    }
  }

  /** @internal */
  constructor(module: string) {
    this.module = module
  }

  /** Its memory: the first, where there are several. @throws UsageError `stale`, `out-of-bounds` if there is none */
  get memory(): GuestMemory {
    return this.memoryAt(0)
  }

  /** One of its memories by index. @throws UsageError `stale`, `out-of-bounds` if there is none */
  memoryAt(index: number): GuestMemory {
    return this.#instance.memory(index)
  }

  /** Aborted as soon as the call has ended, for whatever reason: that its result is there, its deadline, a trap. @throws UsageError `stale` */
  get signal(): AbortSignal {
    return this.#call.ended
  }

  /** Until the call's deadline, ms; `Infinity` if it has none. @throws UsageError `stale` */
  get timeLeft(): number {
    return Math.max(0, this.#call.end - now())
  }

  /** What the call was made with as its `context`; a call that a host function made back into the same instance has that of the call around it. @throws UsageError `stale` */
  get context(): unknown {
    const context = this.#context
    return context instanceof RunContext ? context.given : context
  }

  /** What `module.run` has for the functions of WASI, if the call is part of a run. @throws UsageError `stale` */
  get run(): object | undefined {
    const context = this.#context
    return context instanceof RunContext ? context.run : undefined
  }

  /** Of a call into this instance: who calls it from another module's host function, or from another guest, gives it nothing of what that one has. */
  get #context(): unknown {
    const instance = this.#instance
    for (let call: Call | undefined = this.#call; call !== undefined; call = call.parent) {
      if (call.context !== undefined && instance.isEnteredBy(call)) return call.context
    }
    return undefined
  }

  /** Aborted when the instance is gone, after a stop or a trap say: for who holds something for it, open files say. */
  get gone(): AbortSignal {
    if (this.#gone === undefined && this.#isGone) return AbortSignal.abort()
    this.#gone ??= new AbortController()
    return this.#gone.signal
  }

  /** May the host function that runs return a promise? Not without JSPI (but with `threads`), in `callSync`, or in a call that is nested in another. @throws UsageError `stale` */
  get canSuspend(): boolean {
    return this.#instance.canSuspend(this.#call)
  }

  /** What is left of the call's fuel; `undefined` if its module counts none (Wasmtime: `get_fuel`). @throws UsageError `stale` */
  get fuel(): bigint | undefined {
    return this.#call.portion?.left
  }

  /** More or less, whatever its limits (Wasmtime: `set_fuel`). @throws UsageError `stale`; CurfewError `invalid-option` */
  set fuel(left: number | bigint) {
    fuelAmount('fuel', left)
    this.#portion.refill(left === 0 || left === 0n ? 0n : fuelLimitOf(left))
  }

  /**
   * Burns fuel for what the host does.
   * @returns was there enough? If not, all of it is gone, and the call ends with `out-of-fuel` when the host function returns
   * @throws UsageError `stale`; CurfewError `invalid-option`
   */
  consumeFuel(amount: number | bigint): boolean {
    fuelAmount('amount', amount)
    const isEnough = this.#portion.consume(BigInt(amount))
    if (!isEnough) this.#call.stop('out-of-fuel')
    return isEnough
  }

  /**
   * Calls an export of the instance, on this stack and at once, within `nestedTimeout` and what is left to the call: its allocator, say. It can do
   * that after an `await` as well, while the guest waits.
   * @throws as `Module.callSync`; UsageError `stale`
   */
  callSync(name: string, args: readonly unknown[] = []): unknown[] {
    const call = this.#call
    const signature = signatureOf(this.#instance.signatures, name, this.module)
    checkArguments(signature, args, this.module)
    return this.#instance.callNested(call, signature, args)
  }

  /**
   * Ends the call: its guest runs no further and cannot catch that, its instance is dropped, and the call fails with `ended`. What WASI's `proc_exit` does.
   * @param cause becomes the error's cause
   */
  end(cause?: unknown): never {
    this.#call.stop('ended', cause)
    throw UNCATCHABLE
  }

  get #instance(): CallingInstance {
    if (this.#calling !== undefined) return this.#calling
    throw callError('stale', 'this caller has no instance yet: it has one when its host functions are called', { module: this.module })
  }

  get #call(): Call {
    const call = this.#instance.hostedCall()
    if (call !== undefined) return call
    throw callError('stale', 'no host function of this caller is running or waited for: its call has ended', { module: this.module })
  }

  get #portion(): Portion {
    const { portion } = this.#call
    if (portion === undefined) throw countsNoFuel(this.module)
    return portion
  }
}
