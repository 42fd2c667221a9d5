/**
 * Who has used how much of the thread: the time that guests run is charged to an account, and soon forgotten. Accounts outlive calls and instances.
 */
import { now } from './clock.ts'
import { chargeTurn, onTurn } from './turn.ts'

/**
 * ms after which half of what was used is forgotten. It has to be several times what a round takes in which everybody who wants to run does so once
 * (a slice each: 0.1 s for a hundred), or nothing is left of a turn when the next one comes, and weights mean nothing. And it is how long
 * one who has had the thread for himself stands back for one who comes anew: not longer than a caller is ready to wait.
 */
export const HALF_LIFE = 1_000
/** What an account comes to that uses all of the time, ms. */
const ALL = HALF_LIFE / Math.LN2

/** Charged since this turn began. */
let touched: Account[] = []
/** Accounts with calls that wait to run, and their weights together. */
let contenders = 0
let weights = 0

export class Account {
  #weight: number
  #waiting = 0
  /**
   * When what was used, per weight, will have decayed to 1 ms. All accounts decay alike, so this puts them in order however time goes by, and only
   * ever becomes later. `-Infinity`: nothing was used.
   */
  #rank = Number.NEGATIVE_INFINITY
  #unsettled = 0
  #isTouched = false

  /** @param weight shares of the thread are in proportion to it */
  constructor(weight: number) {
    this.#weight = weight
  }

  get weight(): number {
    return this.#weight
  }

  /** Time was spent for the account, ms: it counts for the turn as well. */
  charge(ms: number): void {
    chargeTurn(ms)
    this.#unsettled += ms
    if (this.#isTouched) return
    this.#isTouched = true
    touched.push(this)
  }

  /** Who has a lower one has used less. */
  get rank(): number {
    if (this.#unsettled > 0) this.#settle(now())
    return this.#rank
  }

  /** What was used, per weight and as far as it is not forgotten, ms. */
  used(at: number): number {
    return 2 ** ((this.rank - at) / HALF_LIFE)
  }

  /** A call waits to run. */
  join(): void {
    if (this.#waiting++ > 0) return
    contenders++
    weights += this.#weight
  }

  /** It does not wait any more. */
  leave(): void {
    if (--this.#waiting > 0) return
    contenders--
    // Sums of fractions drift
    weights = contenders === 0 ? 0 : weights - this.#weight
  }

  /** Has it used less than its share, if the thread did nothing but run those who want to and this one? */
  isUnderShare(at: number): boolean {
    const all = this.#waiting > 0 ? weights : weights + this.#weight
    return this.used(at) * all < ALL
  }

  /** Changes the weight while nobody uses the account; what it has used stays. */
  reweigh(weight: number): void {
    this.#rank = this.rank + HALF_LIFE * Math.log2(this.#weight / weight)
    this.#weight = weight
  }

  #settle(at: number): void {
    const used = 2 ** ((this.#rank - at) / HALF_LIFE) + this.#unsettled / this.#weight
    this.#unsettled = 0
    this.#rank = at + HALF_LIFE * Math.log2(used)
  }

  static {
    // What was used is to decay from here on
    onTurn(() => {
      const accounts = touched
      touched = []
      for (const account of accounts) {
        account.#isTouched = false
        if (account.#unsettled > 0) account.#settle(now())
      }
    })
  }
}
