/** The leases that the host has of guests of this thread. */
import { callError } from '../errors.ts'
import type { GuestLease } from '../guests/executor.ts'
import { nextTurn } from '../runtime/turn.ts'
import type { Crossing } from './crossing.ts'
import type { LeaseState, Report } from './messages.ts'
import type { ServedGuest } from './served-guest.ts'

interface Held {
  readonly lease: GuestLease
  readonly guest: ServedGuest
}

export class ServedLeases {
  readonly #tell: (report: Report) => void
  readonly #crossing: Crossing
  readonly #held = new Map<number, Held>()

  constructor(tell: (report: Report) => void, crossing: Crossing) {
    this.#tell = tell
    this.#crossing = crossing
  }

  /** Keeps one until the host releases it, and tells if it ends before. */
  hold(id: number, lease: GuestLease, guest: ServedGuest): LeaseState {
    this.#held.set(id, { lease, guest })
    const state = () => this.#stateOf(id, lease)
    const stopped = (error: unknown) => this.#tell({ verb: 'stopped', lease: state(), why: this.#crossing.send(error) })
    // One may be over as it begins: the host is to have heard of it before
    nextTurn(() => lease.stopped.catch(stopped))
    return state()
  }

  release(id: number): void {
    this.#held.get(id)?.lease.release()
    this.#held.delete(id)
  }

  has(id: number): boolean {
    return this.#held.has(id)
  }

  /** @throws UsageError `stale` if it was released */
  get(id: number): Held {
    const held = this.#held.get(id)
    if (held === undefined) throw callError('stale', 'the instance of this lease is gone')
    return held
  }

  /** Undefined if it was released. */
  guest(id: number): ServedGuest | undefined {
    return this.#held.get(id)?.guest
  }

  /** Undefined if it was released. */
  state(id: number): LeaseState | undefined {
    const held = this.#held.get(id)
    return held === undefined ? undefined : this.#stateOf(id, held.lease)
  }

  #stateOf(id: number, lease: GuestLease): LeaseState {
    try {
      return { lease: id, memorySize: lease.memorySize }
    } catch (error) {
      return { lease: id, over: this.#crossing.send(error) }
    }
  }
}
