/** What one call may burn of the fuel of the instance that it runs, and of its stack: see `Abi`. */
import { FULL_DEPTH } from '../abi.ts'

/** The globals of an instance whose module counts fuel. */
export interface Gauges {
  readonly fuel: WebAssembly.Global<'i64'>
  readonly depth: WebAssembly.Global
}

/**
 * Filled in when a call enters the instance, and taken out when it ends: what is left over is not for others, who may reach the instance through
 * a table that they share. A call nested in another of the same instance burns that one's fuel, and goes on where its stack ends.
 */
export class Portion {
  readonly #gauges: Gauges
  readonly #outer: Portion | undefined
  readonly #outerFuel: bigint
  readonly #outerDepth: number
  #given: bigint
  // Once it has ended
  #used: bigint | undefined
  #overdrawn: boolean | undefined

  /**
   * @param limit the call's own
   * @param outer of the call around it in the same instance
   * @param depth bytes of stack left, where there is no such call
   */
  constructor(gauges: Gauges, limit: bigint, outer: Portion | undefined, depth = FULL_DEPTH) {
    this.#gauges = gauges
    this.#outer = outer
    this.#outerFuel = outer === undefined ? 0n : outer.left
    this.#outerDepth = gauges.depth.value as number
    this.#given = outer !== undefined && this.#outerFuel < limit ? this.#outerFuel : limit
    gauges.fuel.value = this.#given
    if (outer === undefined) gauges.depth.value = depth
  }

  /** What it was given, at first or later. */
  get given(): bigint {
    return this.#given
  }

  get left(): bigint {
    const left = this.#gauges.fuel.value
    return left > 0n ? left : 0n
  }

  /** Has the guest burnt more than it had? It stops at its next check; if it returns before, or calls the host, nothing of that counts. */
  get isOverdrawn(): boolean {
    return this.#overdrawn ?? this.#gauges.fuel.value < 0n
  }

  get depth(): number {
    return this.#gauges.depth.value as number
  }

  get used(): bigint {
    return this.#used ?? this.#given - this.left
  }

  /** Sets what is left; the rest of what was given counts as used or not as before. */
  refill(left: bigint): void {
    this.#given += left - this.left
    this.#gauges.fuel.value = left
  }

  /** Burns some on the guest's account. Is there enough? If not, all of it goes. */
  consume(amount: bigint): boolean {
    const { left } = this
    this.#gauges.fuel.value = left < amount ? 0n : left - amount
    return left >= amount
  }

  /** The call has ended. */
  end(): Portion | undefined {
    const used = this.#given - this.left
    this.#used = used
    this.#overdrawn = this.isOverdrawn
    this.#gauges.fuel.value = this.#outerFuel > used ? this.#outerFuel - used : 0n
    this.#gauges.depth.value = this.#outerDepth
    return this.#outer
  }
}
