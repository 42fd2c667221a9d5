/** Runs guests on other threads: as many as were asked for, each started when the first module is placed on it. */
import type { Executor, Guest, GuestSpec } from '../guests/executor.ts'
import type { Admission } from '../guests/scheduler.ts'
import { newCounts, SharedAdmission } from './admission.ts'
import { pick, Slot, type SlotTerms } from './slot.ts'
import { SpreadGuest } from './spread-guest.ts'
import { ThreadGuest } from './thread-guest.ts'
import type { Connect } from './transport.ts'
import { workerTransport } from './worker-transport.ts'

/** How long a thread may be late before it is asked whether it is alive, how long it then has to say so, and how long to end, ms. */
export const GRACE = 1_000

export interface ThreadsStats {
  /** Threads that were started, and those that did not answer, crashed or ran out of memory. */
  readonly started: number
  readonly lost: number
  /** Of those, the ones that could not be ended: they still take memory and maybe a core. */
  readonly unended: number
}

export class ThreadsExecutor implements Executor {
  readonly #slots: readonly Slot[]
  readonly #admission: Admission
  #guests = 0

  /** @param connect starts a thread, and opens a line to it */
  constructor(threads: number, terms: { maxConcurrent: number; maxQueue: number; slice: number }, connect: Connect = workerTransport(), grace = GRACE) {
    // The last one's counts are those of calls that wait on this side
    const counts = newCounts(threads + 1)
    const shared: SlotTerms = { ...terms, counts, connect, grace }
    this.#slots = Array.from({ length: threads }, (_, thread) => new Slot(thread, shared))
    this.#admission = new SharedAdmission(terms.maxConcurrent, terms.maxQueue, counts, threads)
  }

  get stats(): ThreadsStats {
    const total = { started: 0, lost: 0, unended: 0 }
    for (const { stats } of this.#slots) {
      total.started += stats.started
      total.lost += stats.lost
      total.unended += stats.unended
    }
    return total
  }

  async load(spec: GuestSpec): Promise<Guest> {
    if (spec.instances === 1 || this.#slots.length === 1) return this.#place(spec)
    return SpreadGuest.load(spec, this.#slots.length, (part) => this.#place(part))
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
