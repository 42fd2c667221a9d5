/** Calls of one host that could run now, by account: taking the next one takes no look at the others. */
import type { Account } from '../runtime/account.ts'
import type { Call } from '../runtime/call.ts'
import { Heap, type Keyed } from './heap.ts'

/** A call that waits for its turn to run, for the first time or on. Its key: what it has run so far. */
export interface Runnable extends Keyed {
  readonly call: Call
  /** Enters the guest; undefined if it is suspended and has only to be woken. */
  readonly begin: ((at: number) => void) | undefined
}

/** The calls of one account. The key is the account's rank as it was last looked at: it may have risen since, and cannot have fallen. */
interface Lane extends Keyed {
  readonly account: Account
  readonly calls: Heap<Runnable>
}

export class RunQueue {
  /** In the order in which they came. */
  readonly #all = new Map<Call, Runnable>()
  readonly #lanes = new Map<Account, Lane>()
  readonly #byRank = new Heap<Lane>()

  get size(): number {
    return this.#all.size
  }

  add(runnable: Runnable): void {
    const { call, order } = runnable
    const { account } = call.owner
    let lane = this.#lanes.get(account)
    if (lane === undefined) {
      lane = { account, calls: new Heap(), key: account.rank, order, place: -1 }
      this.#lanes.set(account, lane)
      this.#byRank.add(lane)
    }
    lane.calls.add(runnable)
    this.#all.set(call, runnable)
    account.join()
  }

  /** @returns undefined if it was not there */
  remove(call: Call): Runnable | undefined {
    const runnable = this.#all.get(call)
    if (runnable === undefined) return undefined
    this.#all.delete(call)
    const { account } = call.owner
    account.leave()
    const lane = this.#lanes.get(account) as Lane
    lane.calls.remove(runnable)
    if (lane.calls.size === 0) {
      this.#lanes.delete(account)
      this.#byRank.remove(lane)
    }
    return runnable
  }

  /** Of the account that has used least the call that has run least; who has waited longest, among equals. */
  get first(): Runnable | undefined {
    for (;;) {
      const lane = this.#byRank.first
      if (lane === undefined) return undefined
      const { rank } = lane.account
      if (rank === lane.key) return lane.calls.first
      this.#byRank.rekey(lane, rank)
    }
  }

  /** Who has waited longest. */
  get oldest(): Runnable | undefined {
    for (const runnable of this.#all.values()) return runnable
    return undefined
  }
}
