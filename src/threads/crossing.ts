/**
 * How values get from one thread to another. Numbers, bigints, strings, booleans, null and undefined are copied. All others stay where they
 * are, and something that stands for them crosses: it comes back as the very value, and looks like it to who only describes it.
 */
import { now } from '../runtime/clock.ts'
import { type Look, lookOf, remake } from './look.ts'

/** A value on its way: itself if it can be copied; no other object is ever sent. */
export type Sent = number | bigint | string | boolean | null | undefined | Handle | Copy | Bytes

/** A value of the sender, or one that stands for a value of the receiver. */
export type Handle = { readonly mine: number; readonly look: Look } | { readonly yours: number }
/** An error that is made anew at the other side. */
export interface Copy {
  readonly copy: Look
}

/** Bytes of an exchange: they go, and no array stands for another. */
export interface Bytes {
  readonly bytes: Uint8Array
}

interface Kept {
  readonly value: unknown
  readonly handle: number
  /** So many times sent, less those that the other side has dropped. */
  count: number
}

/** One that came from the other side: what stands for it, and how often it came. */
interface Stand {
  readonly handle: number
  readonly ref: WeakRef<WeakKey>
  count: number
}

export interface CrossingOptions {
  /** Are errors made anew at the other side, in place of being kept here? */
  readonly copiesErrors: boolean
  /** Tells the other side that nothing stands for a value of it any more. */
  readonly dropped: (handle: number, count: number) => void
  /** Calls a function of the other side. */
  readonly invoke: (fn: Handle, args: readonly unknown[]) => unknown
  /** Has the engine collect garbage, now. Not where that may take longer than what comes across is worth. */
  readonly collect?: () => void
}

/** What stands for a value is small, whatever it stands for: the engine sees no reason to collect it, and the other side keeps what may be megabytes each. */
const COLLECT_EVERY = 1_000
/** Collecting takes at most one part in so many of the time. */
const COLLECT_SHARE = 10

export class Crossing {
  readonly #options: CrossingOptions
  readonly #kept = new Map<number, Kept>()
  readonly #handles = new Map<unknown, Kept>()
  readonly #stands = new Map<number, Stand>()
  readonly #origins = new WeakMap<WeakKey, number>()
  readonly #registry = new FinalizationRegistry<Stand>((stand) => this.#drop(stand))
  #next = 0
  /** Made since there was a collection, and when there may be the next. */
  #made = 0
  #collectFrom = 0

  constructor(options: CrossingOptions) {
    this.#options = options
  }

  /** How many values are kept for the other side. */
  get size(): number {
    return this.#kept.size
  }

  /** Values as they are now: whose array it is may change it before it is posted. */
  sendAll(values: readonly unknown[]): readonly Sent[] {
    const now = values.slice()
    for (const value of now) if (!isCopied(value)) return now.map((each) => this.send(each))
    return now as readonly Sent[]
  }

  /** What goes into an exchange, or comes out of it. */
  sendData(values: readonly unknown[]): readonly Sent[] {
    return values.map((value) => (value instanceof Uint8Array ? { bytes: value } : this.send(value)))
  }

  send(value: unknown): Sent {
    if (isCopied(value)) return value
    const theirs = this.#origins.get(value)
    if (theirs !== undefined) return { yours: theirs }
    if (this.#options.copiesErrors && value instanceof Error && !this.#handles.has(value)) return { copy: this.#lookOf(value) }
    return this.keep(value)
  }

  /** Sends an object so that it stays the same one, however often it comes across, also where errors are made anew. */
  keep(value: unknown): Sent {
    if (isCopied(value)) return value
    const look = this.#lookOf(value)
    let kept = this.#handles.get(value)
    if (kept === undefined) {
      kept = { value, handle: this.#next++, count: 0 }
      this.#handles.set(value, kept)
      this.#kept.set(kept.handle, kept)
    }
    kept.count++
    return { mine: kept.handle, look }
  }

  receiveAll(values: readonly Sent[]): unknown[] {
    for (const value of values) if (typeof value === 'object' && value !== null) return values.map((each) => this.receive(each))
    return values as unknown[]
  }

  receive(value: Sent): unknown {
    if (typeof value !== 'object' || value === null) return value
    if ('yours' in value) return this.#kept.get(value.yours)?.value
    if ('copy' in value) return this.#remake(value.copy, undefined)
    if ('bytes' in value) return value.bytes
    const known = this.#stands.get(value.mine)
    const before = known?.ref.deref()
    if (known !== undefined && before !== undefined) {
      known.count++
      return before
    }
    const { mine, look } = value
    const made = this.#remake(look, { yours: mine })
    const stand = { handle: mine, ref: new WeakRef(made), count: 1 }
    this.#stands.set(mine, stand)
    this.#origins.set(made, mine)
    this.#registry.register(made, stand)
    if (++this.#made >= COLLECT_EVERY) this.#collect()
    return made
  }

  /** The other side dropped what stood for a value. */
  release(handle: number, count: number): void {
    const kept = this.#kept.get(handle)
    if (kept === undefined) return
    kept.count -= count
    if (kept.count > 0) return
    this.#kept.delete(handle)
    this.#handles.delete(kept.value)
  }

  #lookOf(value: unknown): Look {
    return lookOf(value, (cause) => this.send(cause))
  }

  #remake(look: Look, handle: Handle | undefined): WeakKey {
    const call = (args: readonly unknown[]) => (handle === undefined ? undefined : this.#options.invoke(handle, args))
    return remake(look, call, (cause) => this.receive(cause))
  }

  #collect(): void {
    const began = now()
    if (this.#options.collect === undefined || began < this.#collectFrom) return
    this.#made = 0
    this.#options.collect()
    const ended = now()
    this.#collectFrom = ended + (ended - began) * (COLLECT_SHARE - 1)
  }

  #drop(stand: Stand): void {
    if (this.#stands.get(stand.handle) === stand) this.#stands.delete(stand.handle)
    this.#options.dropped(stand.handle, stand.count)
  }
}

function isCopied(value: unknown): value is Exclude<Sent, Handle | Copy | Bytes> {
  return (typeof value !== 'object' && typeof value !== 'function' && typeof value !== 'symbol') || value === null
}
