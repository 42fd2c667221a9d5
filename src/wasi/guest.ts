/** What the functions of preview 1 work on: one instance, what it has open, and who calls it now. */
import type { Caller } from '../guests/caller.ts'
import type { GuestMemory } from '../guests/guest-memory.ts'
import { FixedClock, SystemClock, type WasiClock } from './clock.ts'
import { Descriptors, type Preopen } from './descriptors.ts'
import { WasiError } from './errno.ts'
import { type Random, seededRandom, systemRandom } from './random.ts'
import { LONGEST_PATH } from './resolve.ts'
import { WasiRun } from './run.ts'

/** What a module was given. */
export interface WasiSettings {
  /** ms since the epoch, of a clock that stands still. */
  readonly clock: 'system' | number
  /** A seed. */
  readonly random: 'system' | number
  /** Most that a guest may have open. */
  readonly descriptors: number
  /** Directories, as an instance begins with them. @param now ms since the epoch, for files in memory */
  readonly preopens: (now: () => number) => readonly Preopen[]
  /** For calls that are no runs. */
  readonly standing: () => WasiRun
}

/** Bytes that one call reads or writes at most: more would hold the thread. Reads and writes may be short. */
export const MOST_BYTES = 128 * 1024
/** As `IOV_MAX` of Linux. */
const MOST_VECTORS = 1024
const VECTOR_SIZE = 8

/** A range of the guest's memory. */
export interface Range {
  readonly address: number
  readonly length: number
}

export class WasiGuest {
  readonly caller: Caller
  readonly clock: WasiClock
  readonly random: Random
  readonly #settings: WasiSettings
  #descriptors: Descriptors | undefined
  #standing: WasiRun | undefined

  constructor(caller: Caller, settings: WasiSettings) {
    this.caller = caller
    this.clock = settings.clock === 'system' ? new SystemClock() : new FixedClock(settings.clock)
    this.random = settings.random === 'system' ? systemRandom : seededRandom(settings.random)
    this.#settings = settings
  }

  get memory(): GuestMemory {
    return this.caller.memory
  }

  /** Made when the guest first asks: most instances of a module with `reuse: 'never'` wait for their call. */
  get descriptors(): Descriptors {
    if (this.#descriptors === undefined) {
      const { preopens, descriptors } = this.#settings
      const made = new Descriptors(
        preopens(() => Number(this.clock.realtime / 1_000_000n)),
        descriptors,
      )
      this.caller.gone.addEventListener('abort', () => made.closeAll())
      this.#descriptors = made
    }
    return this.#descriptors
  }

  get run(): WasiRun {
    const { run } = this.caller
    if (run instanceof WasiRun) return run
    this.#standing ??= this.#settings.standing()
    return this.#standing
  }

  /**
   * The buffers of a read or write, as far as one call goes.
   * @throws WasiError `inval` for too many; `out-of-bounds` for the first that is not in memory
   */
  ranges(address: number, count: number): Range[] {
    if (count > MOST_VECTORS) throw new WasiError('inval')
    const list = this.read(address, count * VECTOR_SIZE)
    const ranges: Range[] = []
    let left = MOST_BYTES
    for (let at = 0; at < count * VECTOR_SIZE && left > 0; at += VECTOR_SIZE) {
      const range = { address: list.getUint32(at, true), length: list.getUint32(at + 4, true) }
      this.checkRange(range)
      if (range.length > 0) ranges.push({ ...range, length: Math.min(range.length, left) })
      left -= range.length
    }
    return ranges
  }

  /** What is in a structure, all at once: the guest may be on another thread. */
  read(address: number, size: number): DataView {
    return new DataView(this.memory.read(address, size).buffer)
  }

  /** Fills a structure, all of it at once. */
  write(address: number, size: number, fill: (view: DataView) => void): void {
    const view = new DataView(new ArrayBuffer(size))
    fill(view)
    this.memory.write(address, new Uint8Array(view.buffer))
  }

  /** All of it, not only what is used of it. @throws WasiError `fault` */
  checkRange({ address, length }: Range): void {
    if (address + length > this.memory.size) throw new WasiError('fault')
  }

  /** What the guest writes. */
  gather(ranges: readonly Range[]): Uint8Array {
    const [only] = ranges
    if (ranges.length === 1 && only !== undefined) return this.memory.read(only.address, only.length)
    const all = new Uint8Array(lengthOf(ranges))
    let at = 0
    for (const { address, length } of ranges) {
      all.set(this.memory.read(address, length), at)
      at += length
    }
    return all
  }

  /** What the guest reads. */
  scatter(ranges: readonly Range[], bytes: Uint8Array): void {
    let at = 0
    for (const { address, length } of ranges) {
      if (at >= bytes.length) return
      this.memory.write(address, bytes.subarray(at, at + length))
      at += length
    }
  }

  /** @throws WasiError `nametoolong`, `ilseq` */
  path(address: number, length: number): string {
    if (length > LONGEST_PATH) throw new WasiError('nametoolong')
    const bytes = this.memory.read(address, length)
    try {
      return STRICT.decode(bytes)
    } catch {
      throw new WasiError('ilseq')
    }
  }

  /** Writes as much as fits. @returns how much that was */
  writeCut(address: number, length: number, bytes: Uint8Array): number {
    const cut = bytes.subarray(0, length)
    this.memory.write(address, cut)
    return cut.length
  }
}

export function lengthOf(ranges: readonly Range[]): number {
  return ranges.reduce((sum, { length }) => sum + length, 0)
}

const STRICT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
