/** What a guest reads as its standard input: bytes that are there, or a stream whose next chunk is asked for when there is a reader. */
import { show } from '../errors.ts'
import { nextTurn } from './clock.ts'

export type InputSource = string | Uint8Array | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>

export class Input {
  readonly #source: Source | undefined
  #rest: Uint8Array
  #ended: boolean
  #isAsking = false
  /** What looks whether it is what it waits for, when something has come. */
  readonly #waiting = new Set<() => void>()
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

  /** Has the stream asked for more, if it was not yet: to be there when somebody looks again. @throws what it failed by */
  ask(): void {
    if (this.#failure !== undefined) throw this.#failure.error
    if (this.#isAsking) return
    this.#isAsking = true
    void this.#next()
  }

  /** For something that is ready, or the end. @param signal of the call that waits */
  wait(signal: AbortSignal): Arrival {
    return new Arrival(this.#waiting, signal, () => {
      if (this.ready !== undefined) return true
      this.ask()
      return false
    })
  }

  async #next(): Promise<void> {
    try {
      const { done, value } = await (this.#source as Source).next()
      if (done === true) this.#ended = true
      else if (!(value instanceof Uint8Array)) throw new TypeError(`stdin is a stream of Uint8Arrays, but got ${show(value)}`)
      else if (value.length > 0) this.#rest = value
      // A stream that has nothing, again and again, must not keep everybody else from their turn
      else await nextTurn()
    } catch (error) {
      this.#failure = { error }
    }
    this.#isAsking = false
    for (const look of this.#waiting) look()
  }

  /** Nobody reads any more: the stream is let go. */
  close(): void {
    this.#ended = true
    this.#source?.end()
  }
}

/** A wait for input. Nothing is left of it when it is ended, or the call is over. */
class Arrival {
  /** Resolves when there is something; never if it ends before. @throws what the stream throws */
  readonly over: Promise<void>
  readonly #waiting: Set<() => void>
  readonly #signal: AbortSignal
  #look: () => void = IGNORE

  /** @param isThere @throws what the stream throws */
  constructor(waiting: Set<() => void>, signal: AbortSignal, isThere: () => boolean) {
    this.#waiting = waiting
    this.#signal = signal
    this.over = new Promise((resolve, reject) => {
      this.#look = () => {
        try {
          if (!isThere()) return
          resolve()
        } catch (error) {
          reject(error)
        }
        this.end()
      }
    })
    waiting.add(this.#look)
    signal.addEventListener('abort', this.end)
    if (signal.aborted) this.end()
    else this.#look()
  }

  readonly end = (): void => {
    this.#waiting.delete(this.#look)
    this.#signal.removeEventListener('abort', this.end)
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
  return { next: () => iterator.next(), end: () => void ended(iterator).catch(IGNORE) }
}

/** Whatever its `return` does: who wrote it may have forgotten that it is asynchronous. */
async function ended(iterator: AsyncIterator<unknown>): Promise<void> {
  await iterator.return?.()
}

const IGNORE = (): void => undefined
