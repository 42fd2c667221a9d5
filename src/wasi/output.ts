/** What a guest writes to its standard output or error: collected, or passed on, up to a limit. */
import { type CurfewError, callError } from '../errors.ts'

/** Takes bytes; a promise says when it has taken them. */
export type Sink = (bytes: Uint8Array) => unknown

const DEFAULT_OUTPUT_LIMIT = 1024 * 1024
/** Bytes that wait for a sink, of a guest that cannot wait itself, if there is no limit. */
const MOST_UNTAKEN = 64 * 1024 * 1024

export class Output {
  readonly #name: string
  readonly #sink: Sink | undefined
  readonly #limit: number
  /** Why the guest must end: it wrote more than the limit. */
  overflow: CurfewError | undefined
  #collected = new Uint8Array()
  #written = 0
  /** Bytes that the sink has promised to take, and has not yet. */
  untaken = 0
  #pending: Promise<unknown> | undefined
  #failure: { readonly error: unknown } | undefined

  /** @param sink absent: what is written is collected */
  constructor(name: string, sink: Sink | undefined, limit: number | undefined) {
    this.#name = name
    this.#sink = sink
    this.#limit = limit ?? (sink === undefined ? DEFAULT_OUTPUT_LIMIT : Number.POSITIVE_INFINITY)
  }

  /** What was collected. */
  get bytes(): Uint8Array {
    return this.#collected.slice(0, this.#sink === undefined ? this.#written : 0)
  }

  /** What is above the limit is not taken. @returns a promise if the sink did: it takes no more before. @throws what the sink has thrown */
  write(bytes: Uint8Array): Promise<void> | undefined {
    if (this.#failure !== undefined) throw this.#failure.error
    const isLimited = Number.isFinite(this.#limit)
    const fits = Math.min(bytes.length, isLimited ? this.#limit - this.#written : MOST_UNTAKEN - this.untaken)
    if (fits < bytes.length) {
      const limit = isLimited ? this.#limit : MOST_UNTAKEN
      const what = `the guest wrote more than ${limit} bytes to ${this.#name}${isLimited ? '' : ' that nobody has taken yet'}`
      this.overflow = callError('output-limit', what, { figures: { limit } })
    }
    return fits > 0 ? this.#take(bytes.subarray(0, fits)) : undefined
  }

  #take(bytes: Uint8Array): Promise<void> | undefined {
    const before = this.#written
    this.#written += bytes.length
    if (this.#sink === undefined) {
      this.#collect(bytes, before)
      return undefined
    }
    const taking = this.#sink(bytes)
    if (!isPromise(taking)) return undefined
    const taken = Promise.all([this.#pending, taking]).then(() => undefined)
    this.untaken += bytes.length
    this.#pending = taken
      .catch((error) => {
        this.#failure ??= { error }
      })
      .finally(() => {
        this.untaken -= bytes.length
      })
    return taken
  }

  /** Resolves when the sink has taken everything. @throws what it failed by */
  async finished(): Promise<void> {
    await this.#pending
    if (this.#failure !== undefined) throw this.#failure.error
  }

  #collect(bytes: Uint8Array, at: number): void {
    if (this.#collected.length < at + bytes.length) {
      const larger = new Uint8Array(Math.min(this.#limit, Math.max(256, 2 * (at + bytes.length))))
      larger.set(this.#collected)
      this.#collected = larger
    }
    this.#collected.set(bytes, at)
  }
}

/** As a sink: one chunk after another, each written when the stream has written it. */
export function sinkOf(stream: WritableStream<Uint8Array>): Sink {
  return (bytes) => {
    const writer = stream.getWriter()
    const written = writer.write(bytes)
    writer.releaseLock()
    return written
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}
