/** One of a host's threads: the present one, and those that come after it if it is lost. */
import { engineMessage, LoadError } from '../errors.ts'
import { now } from '../runtime/clock.ts'
import type { Terms } from './messages.ts'
import { RemoteThread } from './remote-thread.ts'
import { forgetCounts } from './shared-counts.ts'
import type { Place, ThreadGuest } from './thread-guest.ts'
import type { Connect } from './transport.ts'

export interface SlotTerms extends Omit<Terms, 'thread' | 'bells'> {
  readonly connect: Connect
  readonly grace: number
}

/** CPU time of the past counts for half after so many ms. */
const HALF_LIFE = 5_000
/** A thread that lived for so long did not die of what the one before died of, ms. */
const LONG_ENOUGH = 60_000
/** The first to be lost is replaced at once; those after it wait, for so long and twice that and so on, ms. */
const FIRST_BACKOFF = 100
const LAST_BACKOFF = 30_000

export class Slot implements Place {
  thread: RemoteThread | undefined
  readonly stats = { started: 0, lost: 0, unended: 0 }
  readonly #index: number
  readonly #terms: SlotTerms
  readonly #guests = new Set<ThreadGuest>()
  readonly #loading = new Set<Promise<void>>()
  #busy = 0
  #busyAt = 0
  #startedAt = 0
  /** Threads lost in a row. */
  #losses = 0
  #again: ReturnType<typeof setTimeout> | undefined
  #closed = false

  constructor(index: number, terms: SlotTerms) {
    this.#index = index
    this.#terms = terms
  }

  /** The part of its recent time that guests have run, in eighths; then its modules, then what it has not answered. */
  get load(): readonly [busy: number, modules: number, requests: number] {
    const share = (this.#recent * Math.LN2) / HALF_LIFE
    return [Math.round(share * 8), this.#guests.size, this.thread?.load ?? 0]
  }

  /** Loads a module. @throws LoadError */
  async take(guest: ThreadGuest): Promise<void> {
    this.#guests.add(guest)
    try {
      if (this.thread === undefined) this.#start()
      const loading = guest.load()
      this.#loading.add(loading)
      await loading.finally(() => this.#loading.delete(loading))
    } catch (error) {
      this.#guests.delete(guest)
      throw error instanceof LoadError
        ? error
        : new LoadError('thread-lost', `no thread could be started: ${engineMessage(error)}`, { module: guest.name, cause: error })
    }
  }

  ran(ms: number): void {
    this.#busy = this.#recent + ms
    this.#busyAt = now()
  }

  leave(guest: ThreadGuest): void {
    this.#guests.delete(guest)
  }

  /** Ends the thread, once its modules are closed and the loads that were cancelled have ended. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.allSettled(this.#loading)
    await Promise.all([...this.#guests].map((guest) => guest.close()))
    clearTimeout(this.#again)
    const { thread } = this
    this.thread = undefined
    if (thread === undefined) return
    await this.#end(thread)
    forgetCounts(this.#terms.counts, this.#index)
  }

  get #recent(): number {
    return this.#busy * 2 ** ((this.#busyAt - now()) / HALF_LIFE)
  }

  /** @throws what the engine throws if there can be no thread */
  #start(): void {
    const { connect, grace, ...terms } = this.#terms
    clearTimeout(this.#again)
    this.#startedAt = now()
    const thread: RemoteThread = new RemoteThread(
      connect,
      { ...terms, thread: this.#index },
      grace,
      () => this.#moveTo(thread),
      () => this.#lost(thread),
    )
    this.thread = thread
    this.stats.started++
  }

  /** It has started: modules that are on none go on there. */
  #moveTo(thread: RemoteThread): void {
    for (const guest of [...this.#guests]) guest.moved(thread)
  }

  async #end(thread: RemoteThread): Promise<void> {
    if (!(await thread.end(this.#terms.grace))) this.stats.unended++
  }

  #lost(thread: RemoteThread): void {
    this.thread = undefined
    this.stats.lost++
    this.#losses = now() - this.#startedAt > LONG_ENOUGH ? 1 : this.#losses + 1
    forgetCounts(this.#terms.counts, this.#index)
    void this.#end(thread)
    for (const guest of [...this.#guests]) guest.lost()
    if (this.#guests.size > 0) this.#startAgain()
  }

  #startAgain(): void {
    if (this.#closed) return
    const wait = this.#losses === 1 ? 0 : Math.min(LAST_BACKOFF, FIRST_BACKOFF * 2 ** (this.#losses - 2))
    this.#again = setTimeout(() => {
      try {
        if (this.thread === undefined) this.#start()
      } catch {
        this.#losses++
        this.#startAgain()
      }
    }, wait)
  }
}

/** The least loaded. */
export function pick(slots: readonly Slot[]): Slot {
  return slots.reduce((best, each) => (isLess(each.load, best.load) ? each : best))
}

function isLess(a: readonly number[], b: readonly number[]): boolean {
  const at = a.findIndex((value, index) => value !== b[index])
  return at >= 0 && (a[at] as number) < (b[at] as number)
}
