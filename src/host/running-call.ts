/** For host functions: the call that they are part of, and its fuel. */
import { fuelLimitOf } from '../budget.ts'
import { callError } from '../errors.ts'
import type { Call } from '../runtime/call.ts'
import type { Portion } from '../runtime/portion.ts'
import { hostingCall } from '../runtime/thread.ts'
import { countsNoFuel, fuelAmount } from './checks.ts'

/** The call whose guest has called a host function, while that runs (Wasmtime: `Caller`). */
export class RunningCall {
  readonly #call: Call

  /** @internal */
  constructor(call: Call) {
    this.#call = call
  }

  /** Name of its module. */
  get module(): string {
    return this.#call.owner.name
  }

  /** What is left of its fuel; `undefined` if its module counts none (Wasmtime: `get_fuel`). @throws UsageError `stale` */
  get fuel(): bigint | undefined {
    return this.#portion()?.left
  }

  /** More or less, whatever its limits (Wasmtime: `set_fuel`). @throws UsageError `stale`; CurfewError `invalid-option` */
  set fuel(left: number | bigint) {
    fuelAmount('fuel', left)
    this.#counted().refill(left === 0 || left === 0n ? 0n : fuelLimitOf(left))
  }

  /**
   * Burns fuel for what the host does.
   * @returns was there enough? If not, all of it is gone, and the call ends with `out-of-fuel` when the host function returns
   * @throws UsageError `stale`; CurfewError `invalid-option`
   */
  consumeFuel(amount: number | bigint): boolean {
    fuelAmount('amount', amount)
    const isEnough = this.#counted().consume(BigInt(amount))
    if (!isEnough) this.#call.stop('out-of-fuel')
    return isEnough
  }

  #portion(): Portion | undefined {
    if (hostingCall() === this.#call) return this.#call.portion
    throw callError('stale', 'this call has no host function that is running', { module: this.module })
  }

  #counted(): Portion {
    const portion = this.#portion()
    if (portion === undefined) throw countsNoFuel(this.module)
    return portion
  }
}

/** The call whose host function is running; `undefined` outside of any. */
export function currentCall(): RunningCall | undefined {
  const call = hostingCall()
  return call === undefined ? undefined : new RunningCall(call)
}
