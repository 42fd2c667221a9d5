/** What a guest reads as its standard input: bytes that are there, or a stream whose next chunk is asked for when there is a reader. */
import { show } from '../errors.ts'

export type InputSource = string | Uint8Array | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>

export class Input {
  readonly #source: AsyncIterator<unknown> | undefined
  #rest: Uint8Array
  #ended: boolean
  #asking: Promise<void> | undefined
  #failure: { readonly error: unknown } | undefined

  constructor(source: InputSource) {
    const isStream = typeof source !== 'string' && !(source instanceof Uint8Array)
    this.#source = isStream ? (source as AsyncIterable<unknown>)[Symbol.asyncIterator]() : undefined
    this.#rest = isStream ? new Uint8Array() : typeof source === 'string' ? new TextEncoder().encode(source) : source
    this.#ended = !isStream
  }

  /** Bytes that can be had at once, 0 at the end; undefined while nobody knows. */
  get ready(): number | undefined {
    return this.#rest.length > 0 || this.#ended ? this.#rest.length : undefined
  }

  /** So many of them, or fewer. */
  take(most: number): Uint8Array {
    const taken = this.#rest.subarray(0, most)
    this.#rest = this.#rest.subarray(taken.length)
    return taken
  }

  /** Resolves when something is ready, or the end. @throws what the stream throws */
  async wait(): Promise<void> {
    while (this.ready === undefined) {
      if (this.#failure !== undefined) throw this.#failure.error
      this.#asking ??= this.#ask()
      await this.#asking
    }
  }

  /** Whoever waits sees what has come of it, and so does who comes later. */
  async #ask(): Promise<void> {
    try {
      const { done, value } = (await this.#source?.next()) ?? { done: true, value: undefined }
      if (done === true) this.#ended = true
      else if (value instanceof Uint8Array) this.#rest = value
      else throw new TypeError(`stdin is a stream of Uint8Arrays, but got ${show(value)}`)
    } catch (error) {
      this.#failure = { error }
    } finally {
      this.#asking = undefined
    }
  }

  /** Nobody reads any more: the stream is let go. */
  close(): void {
    this.#ended = true
    // Its own failure is nobody's any more. A stream that is being asked may only answer this when it has answered that
    this.#source?.return?.().catch(() => undefined)
  }
}
