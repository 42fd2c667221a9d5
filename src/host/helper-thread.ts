/** The thread that prepares the larger modules for all hosts of this one: started when there is work, ended after a while without any. */
import { type ErrorCode, engineMessage, LoadError } from '../errors.ts'
import type { GuardOptions } from '../guard/guard.ts'
import { builtin, type Thread } from '../node.ts'
import type { Prepared } from './prepare.ts'

export interface Job {
  readonly id: number
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly options: GuardOptions
}

/** How a job ended. Errors lose their class and fields on the way between threads. */
export type Outcome = { readonly id: number } & ({ readonly prepared: Prepared } | { readonly failure: Failure })

export interface Failure {
  readonly code: ErrorCode
  readonly what: string
  readonly figures: Readonly<Record<string, number>>
  readonly offset: number | undefined
  /** What the engine said of a module that it refused. */
  readonly refusal: string | undefined
}

/** V8's flags for compiling functions before they are called, and as they are. */
export const WHOLE = '--no-wasm-lazy-compilation'
export const AS_CALLED = '--wasm-lazy-compilation'

/** ms without work after which the thread is ended: it holds some 30 MB. */
const IDLE = 5_000

interface Waiting {
  resolve(prepared: Prepared): void
  reject(error: unknown): void
}

export function hasHelper(): boolean {
  return builtin('worker_threads') !== undefined && builtin('v8') !== undefined
}

/** @throws LoadError without the module's name */
export function prepareAside(bytes: Uint8Array<ArrayBuffer>, options: GuardOptions): Promise<Prepared> {
  helper ??= new Helper()
  return helper.prepare(bytes, options)
}

let helper: Helper | undefined

class Helper {
  readonly #waiting = new Map<number, Waiting>()
  #thread: Thread | undefined
  #idle: ReturnType<typeof setTimeout> | undefined
  #jobs = 0
  /** Jobs that the thread has not answered, those that nobody waits for any more included: until then it is not ended, nor the process. */
  #unanswered = 0
  /** V8's flags before the thread changed them. */
  #flags = 0

  async prepare(bytes: Uint8Array<ArrayBuffer>, options: GuardOptions): Promise<Prepared> {
    const job: Job = { id: this.#jobs++, bytes, options }
    const { promise, resolve, reject } = Promise.withResolvers<Prepared>()
    this.#give(job)
    this.#waiting.set(job.id, { resolve, reject })
    return promise
  }

  #give(job: Job): void {
    const thread = this.#begin()
    try {
      thread.postMessage(job, [job.bytes.buffer])
    } catch (error) {
      if (this.#unanswered === 0) this.#rest()
      throw noHelper('could not be given the module', error)
    }
    this.#unanswered++
  }

  #begin(): Thread {
    clearTimeout(this.#idle)
    this.#thread ??= this.#start()
    this.#thread.ref()
    return this.#thread
  }

  #start(): Thread {
    const { Worker } = builtin('worker_threads') as NonNullable<ReturnType<typeof builtin<'worker_threads'>>>
    // Written twice, so that tools which bundle see both
    const entry = import.meta.url.endsWith('.ts') ? new URL('./helper.ts', import.meta.url) : new URL('./helper.js', import.meta.url)
    this.#flags = builtin('v8')?.cachedDataVersionTag() ?? 0
    const thread = start(() => new Worker(entry, { execArgv: [] }))
    thread.on('message', (outcome: Outcome) => {
      const waiting = this.#take(outcome.id)
      if (--this.#unanswered === 0) this.#rest()
      if ('prepared' in outcome) waiting?.resolve(outcome.prepared)
      else waiting?.reject(restored(outcome.failure))
    })
    thread.on('error', (error) => this.#lost(thread, error))
    thread.on('messageerror', (error) => this.#lost(thread, error))
    thread.on('exit', (exitCode) => this.#lost(thread, new Error(`it exited with ${exitCode}`)))
    return thread
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    return waiting
  }

  /** Neither the thread nor the timer keeps the process. */
  #rest(): void {
    const thread = this.#thread
    if (thread === undefined) return
    thread.unref()
    const idle: { unref?(): void } | number = setTimeout(() => {
      this.#thread = undefined
      void thread.terminate()
    }, IDLE)
    if (typeof idle === 'object') idle.unref?.()
    this.#idle = idle as ReturnType<typeof setTimeout>
  }

  /** The thread ended by itself, out of memory say, or says what nobody understands. The next job starts another. */
  #lost(thread: Thread, cause: unknown): void {
    if (this.#thread !== thread) return
    this.#thread = undefined
    this.#unanswered = 0
    void thread.terminate()
    const v8 = builtin('v8')
    if (v8 !== undefined && v8.cachedDataVersionTag() !== this.#flags) v8.setFlagsFromString(AS_CALLED)
    const left = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const { reject } of left) reject(noHelper('ended', cause))
  }
}

function restored({ code, what, figures, offset, refusal }: Failure): LoadError {
  return new LoadError(code, what, { figures, offset, ...(refusal === undefined ? {} : { cause: new WebAssembly.CompileError(refusal) }) })
}

function start(make: () => Thread): Thread {
  try {
    return make()
  } catch (error) {
    throw noHelper('could not be started', error)
  }
}

function noHelper(what: string, cause: unknown): LoadError {
  return new LoadError('instantiation-failed', `the helper thread that guards and compiles large modules ${what}: ${engineMessage(cause)}`, { cause })
}
