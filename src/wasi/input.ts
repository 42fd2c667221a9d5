/** What a guest reads as its standard input: bytes that are there, or a stream whose next chunk is asked for when there is a reader. */
import { show } from '../errors.ts'

export type InputSource = string | Uint8Array | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>

export class Input {
  readonly #source: Source | undefined
  #rest: Uint8Array
  #ended: boolean
  #asking: Promise<void> | undefined
  #failure: { readonly error: unknown } | undefined

  constructor(source: InputSource) {
    const isStream = typeof source !== 'string' && !(source instanceof Uint8Array)
    this.#source = isStream ? sourceOf(source) : undefined
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
      const { done, value } = await (this.#source as Source).next()
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
    this.#source?.end()
  }
}

interface Source {
  next(): Promise<{ done?: boolean | undefined; value?: unknown }>
  /** Also while it is asked for more. What it fails by then is nobody's business any more. */
  end(): void
}

/** An iterator can only be ended once it has answered; what streams are can be ended as such. */
function sourceOf(stream: AsyncIterable<unknown>): Source {
  if (stream instanceof ReadableStream) {
    const reader = stream.getReader()
    return { next: () => reader.read(), end: () => void reader.cancel().catch(IGNORE) }
  }
  const iterator = stream[Symbol.asyncIterator]()
  const { destroy } = stream as { destroy?: unknown }
  if (typeof destroy === 'function') return { next: () => iterator.next(), end: () => void destroy.call(stream) }
  return { next: () => iterator.next(), end: () => void iterator.return?.().catch(IGNORE) }
}

const IGNORE = (): void => undefined
