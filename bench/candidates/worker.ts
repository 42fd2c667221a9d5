import { Worker } from 'node:worker_threads'
import { type Candidate, lateness, type Plugin } from './candidate.ts'
import { plainPlugin } from './plugin.ts'
import type { Answer, Request } from './threads/plain.js'

const THREAD = new URL('threads/worker.js', import.meta.url)

/** What one writes in an afternoon: a worker for each plugin, a timer for each call, and another worker when it fires. */
export const worker: Candidate = {
  id: 'worker',
  name: 'worker + terminate()',
  what: 'a worker thread for each plugin, ended by `terminate()`',
  most: 100,
  async start({ timeout }) {
    return {
      plugin: (number) => inWorker(plainPlugin(number), timeout),
      async load(bytes) {
        const loaded = new Supervised(bytes, Number.POSITIVE_INFINITY)
        await loaded.ready
        return () => loaded.close()
      },
      close: () => undefined,
    }
  },
}

async function inWorker(bytes: Uint8Array<ArrayBuffer>, timeout: number): Promise<Plugin> {
  const supervised = new Supervised(bytes, timeout)
  await supervised.ready
  return {
    add: (left, right) => supervised.call('add', left, right) as Promise<number>,
    upper: (text) => supervised.call('upper', text) as Promise<string>,
    compute: () => supervised.call('compute') as Promise<number>,
    hang: () => lateness(timeout, () => supervised.call('loop')),
    close: () => supervised.close(),
  }
}

interface Waiting {
  resolve(value: unknown): void
  reject(error: Error): void
  readonly timer: NodeJS.Timeout
}

class Supervised {
  ready: Promise<void>
  readonly #bytes: Uint8Array<ArrayBuffer>
  readonly #timeout: number
  #worker!: Worker
  #next = 0
  readonly #waiting = new Map<number, Waiting>()

  constructor(bytes: Uint8Array<ArrayBuffer>, timeout: number) {
    this.#bytes = bytes
    this.#timeout = timeout
    this.ready = this.#begin()
  }

  async call(name: Request['name'], ...input: Request['input']): Promise<unknown> {
    await this.ready
    return new Promise((resolve, reject) => {
      const id = this.#next++
      const timer = setTimeout(() => this.#end(), this.#timeout)
      this.#waiting.set(id, { resolve, reject, timer })
      this.#worker.postMessage({ id, name, input } satisfies Request)
    })
  }

  close(): Promise<number> {
    return this.#worker.terminate()
  }

  #begin(): Promise<void> {
    const thread = new Worker(THREAD, { workerData: this.#bytes })
    this.#worker = thread
    return new Promise((resolve, reject) => {
      thread.once('error', reject)
      thread.once('message', () => {
        thread.on('message', ({ id, value }: Answer) => {
          const waiting = this.#waiting.get(id)
          // It was on its way when the worker was ended
          if (waiting === undefined) return
          clearTimeout(waiting.timer)
          this.#waiting.delete(id)
          waiting.resolve(value)
        })
        resolve()
      })
    })
  }

  /** With all that was waiting for it. The error is given out when the thread is gone: until then it runs. */
  #end(): void {
    const ended = this.#worker.terminate()
    const waiting = [...this.#waiting.values()]
    this.#waiting.clear()
    this.ready = ended.then(() => this.#begin())
    for (const { timer } of waiting) clearTimeout(timer)
    ended.then(() => {
      for (const { reject } of waiting) reject(new Error('out of time'))
    }, console.error)
  }
}
