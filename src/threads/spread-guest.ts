/** A module with several instances, spread over threads: each call goes to the part that has the fewest. */
import type { Allowance } from '../budget.ts'
import { type CurfewError, type ErrorCode, LoadError } from '../errors.ts'
import type { Guest, GuestLease, GuestSpec, Particulars } from '../guests/executor.ts'
import type { Signature } from '../guests/signature.ts'
import { type ModuleStats, Stats, sumOfStats } from '../guests/stats.ts'
import { now } from '../runtime/clock.ts'

/** Why a part takes no call that another may take: it cannot be restarted now, or all its instances wait for whom makes the call. */
const ELSEWHERE: readonly ErrorCode[] = ['broken', 'reentrant']

/** A guest that knows whether a call that is made here is one back into it, from a host function of it. */
export interface SpreadPart extends Guest {
  isCalledBack(): boolean
}

interface Part {
  readonly guest: SpreadPart
  /** How many of the module's instances it has. */
  readonly instances: number
  /** Calls and leases that it has now. */
  taken: number
}

export class SpreadGuest implements Guest {
  readonly #parts: readonly Part[]
  /** Calls and leases that went elsewhere, which the part that could not take them has counted. */
  readonly #passedOn = new Map<ErrorCode, number>()

  private constructor(parts: readonly Part[]) {
    this.#parts = parts
  }

  /** @param place loads a part of it on the least loaded thread. @throws LoadError */
  static async load(spec: GuestSpec, threads: number, place: (part: GuestSpec) => Promise<SpreadPart>): Promise<SpreadGuest> {
    const count = Math.min(threads, spec.instances)
    let isClosed = false
    let spread: SpreadGuest | undefined
    // One that closes by itself, or is closed, takes the others with it
    const onClose = () => {
      if (isClosed) return
      isClosed = true
      // Before all parts are loaded there is nothing to close: loading fails
      if (spread === undefined) return
      spec.onClose()
      void spread.close()
    }
    const loading = Array.from({ length: count }, async (_, at): Promise<Part> => {
      const instances = Math.ceil((spec.instances - at) / count)
      return { guest: await place({ ...spec, instances, onClose }), instances, taken: 0 }
    })
    try {
      const parts = await Promise.all(loading)
      if (isClosed) throw new LoadError('closed', 'a part of the module closed by itself while others were loaded', { module: spec.name })
      spread = new SpreadGuest(parts)
      return spread
    } catch (error) {
      isClosed = true
      for (const part of await Promise.allSettled(loading)) if (part.status === 'fulfilled') await part.value.guest.close()
      throw error
    }
  }

  get memorySize(): number {
    return this.#parts.reduce((size, { guest }) => size + guest.memorySize, 0)
  }

  get stats(): ModuleStats {
    const stats = this.#parts.reduce((total, { guest }) => sumOfStats(total, guest.stats), new Stats(0).snapshot)
    if (this.#passedOn.size === 0) return stats
    let { calls } = stats
    const outcomes = { ...stats.outcomes }
    for (const [code, count] of this.#passedOn) {
      calls -= count
      outcomes[code] = (outcomes[code] ?? 0) - count
      if (outcomes[code] === 0) delete outcomes[code]
    }
    return { ...stats, calls, outcomes }
  }

  async call(
    signature: Signature,
    args: readonly unknown[],
    allowance: Allowance,
    signal: AbortSignal | undefined,
    particulars?: Particulars,
  ): Promise<unknown[]> {
    const inside = this.#inside
    if (inside !== undefined) return inside.call(signature, args, allowance, signal, particulars)
    // Its time runs on when it goes from one part to another
    const began = now()
    const given = args.slice()
    return this.#fromOne(async (part) => {
      part.taken++
      try {
        return await part.guest.call(signature, given, allowance, signal, { ...particulars, began })
      } finally {
        part.taken--
      }
    })
  }

  callSync(signature: Signature, args: readonly unknown[], allowance: Allowance, particulars?: Particulars): unknown[] {
    return (this.#inside ?? (this.#parts[0] as Part).guest).callSync(signature, args, allowance, particulars)
  }

  lease(timeout: number, signal: AbortSignal | undefined): Promise<GuestLease> {
    const began = now()
    return this.#fromOne(async (part) => {
      part.taken++
      const done = () => {
        part.taken--
      }
      try {
        return released(await part.guest.lease(timeout, signal, { began }), done)
      } catch (error) {
        done()
        throw error
      }
    })
  }

  async idle(): Promise<void> {
    await Promise.all(this.#parts.map(({ guest }) => guest.idle()))
  }

  async close(): Promise<void> {
    await Promise.all(this.#parts.map(({ guest }) => guest.close()))
  }

  /** The part whose instance called the host function that makes a call now. */
  get #inside(): Guest | undefined {
    return this.#parts.find(({ guest }) => guest.isCalledBack())?.guest
  }

  /** Has a part do something: the one that has least to do, or another one if that cannot at present. */
  async #fromOne<T>(work: (part: Part) => Promise<T>): Promise<T> {
    const parts = this.#parts.toSorted((a, b) => a.taken * b.instances - b.taken * a.instances)
    for (let at = 0; ; at++) {
      try {
        return await work(parts[at] as Part)
      } catch (error) {
        const { code } = error as CurfewError
        if (!ELSEWHERE.includes(code) || at + 1 === parts.length) throw error
        this.#passedOn.set(code, (this.#passedOn.get(code) ?? 0) + 1)
      }
    }
  }
}

/** A lease that tells when it is released. */
function released(lease: GuestLease, done: () => void): GuestLease {
  const release = lease.release.bind(lease)
  lease.release = () => {
    release()
    done()
    lease.release = release
  }
  return lease
}
