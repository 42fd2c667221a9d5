/** Runs guests on other threads: as many as were asked for, each started when the first module is placed on it. */
import { Accounts } from '../guests/accounts.ts'
import type { Executor, ExecutorStats, Guest, GuestSpec, ThreadsStats } from '../guests/executor.ts'
import type { Admission } from '../guests/scheduler.ts'
import { Ledger, shareProcess } from '../runtime/ledger.ts'
import { type Counts, newCounts, sharedAdmission, statsOf } from './shared-counts.ts'
import { pick, Slot, type SlotTerms } from './slot.ts'
import { SpreadGuest } from './spread-guest.ts'
import { ThreadGuest } from './thread-guest.ts'
import type { Connect } from './transport.ts'
import { workerTransport } from './worker-transport.ts'

/** How long a thread may be late before it is asked whether it is alive, how long it then has to say so, and how long to end, ms. */
export const GRACE = 1_000

export class ThreadsExecutor implements Executor {
  readonly canWait = true
  readonly #slots: readonly Slot[]
  readonly #admission: Admission
  readonly #counts: Counts
  /** Of this thread, where no guest is: what it knows of the process is what all know. */
  readonly #ledger: Ledger
  /** Nothing is charged to them here: each thread has its own, and this is where a group's weight is known. */
  readonly #accounts = new Accounts()
  #guests = 0

  /** @param connect starts a thread, and opens a line to it */
  constructor(
    threads: number,
    terms: { maxConcurrent: number; maxQueue: number; slice: number; totalMemoryLimit: number },
    connect: Connect = workerTransport(),
    grace = GRACE,
  ) {
    // The last one's counts are those of calls that wait on this side
    const counts = newCounts(threads + 1)
    const shared: SlotTerms = { ...terms, threads: threads + 1, counts, connect, grace }
    this.#slots = Array.from({ length: threads }, (_, thread) => new Slot(thread, shared))
    this.#counts = counts
    this.#admission = sharedAdmission(terms, counts, threads)
    this.#ledger = new Ledger(terms.totalMemoryLimit)
    shareProcess(threads + 1)
  }

  get stats(): ExecutorStats {
    return { ...statsOf(this.#counts, this.#ledger.usage), threads: this.#threads }
  }

  get #threads(): ThreadsStats {
    const total = { started: 0, lost: 0, unended: 0 }
    for (const { stats } of this.#slots) {
      total.started += stats.started
      total.lost += stats.lost
      total.unended += stats.unended
    }
    return total
  }

  async load(spec: GuestSpec): Promise<Guest> {
    const { lent, giveBack } = this.#accounts.lend(spec)
    try {
      if (spec.instances === 1 || this.#slots.length === 1) return await this.#place(lent)
      return await SpreadGuest.load(lent, this.#slots.length, (part) => this.#place(part))
    } catch (error) {
      giveBack()
      throw error
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot.close()))
  }

  async #place(spec: GuestSpec): Promise<ThreadGuest> {
    const slot = pick(this.#slots)
    const guest = new ThreadGuest(this.#guests++, spec, slot, this.#admission)
    await slot.take(guest)
    return guest
  }
}
