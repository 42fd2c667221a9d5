/**
 * In whose course code runs, as `AsyncLocalStorage` sees it: who made a call that had to wait, and the host function that makes one, also after it has
 * awaited something.
 */
import { builtin } from '../node.ts'
import type { Call, Guest, Hosted } from '../runtime/call.ts'
import { isThenable } from '../runtime/host-function.ts'
import type { HostFunction, HostFunctions } from '../runtime/instance.ts'
import { hostingCall } from '../runtime/thread.ts'

const { AsyncResource, AsyncLocalStorage } = builtin('async_hooks') ?? {}

/** What is begun in the course of a host function may last for ever (a worker, a timer), and keeps this, but not the guest. */
interface Course {
  /** Undefined once it has ended. */
  hosted: Hosted | undefined
  /** The instance's. */
  readonly identity: object
}

const courses = AsyncLocalStorage === undefined ? undefined : new AsyncLocalStorage<Course>()
/** Is there any to be found? */
let tracks = false
let tellPromised: (run: Hosted) => void = () => undefined

/** @returns `begin`, but run in the async context of here and now, so that host functions see that of the call's maker */
export function asCaller<Args extends unknown[]>(begin: (...args: Args) => void): (...args: Args) => void {
  if (AsyncResource === undefined) return begin
  const caller = new AsyncResource('curfew.call', { requireManualDestroy: true })
  return (...args) => caller.runInAsyncScope(begin, undefined, ...args)
}

/**
 * Host functions as they are called: what one does until its promise has settled can be told to be its doing. That costs 0.2 us, so one that was seen
 * to return at once is called plainly; but never again once it has returned a promise.
 */
export class TrackedFunctions implements HostFunctions {
  readonly functions: HostFunction[]
  readonly #tracked: readonly HostFunction[]
  readonly #promising: Set<number>

  /**
   * @param instance that calls them; undefined: the one that the current call runs
   * @param promising those that have returned promises, for this instance or others of its module
   */
  constructor(functions: readonly HostFunction[], instance: Guest | undefined, promising: Set<number>) {
    this.#promising = promising
    this.#tracked = functions.map((fn, slot) => this.#track(fn, slot, instance))
    this.functions = [...this.#tracked]
  }

  promised(slot: number): void {
    this.#promising.add(slot)
    this.functions[slot] = this.#tracked[slot] as HostFunction
  }

  #track(fn: HostFunction, slot: number, instance: Guest | undefined): HostFunction {
    if (courses === undefined) return fn
    return (...args) => {
      const call = hostingCall() as Call
      tracks = true
      const calling = instance ?? (call.instance as Guest)
      const run = { call, instance: calling, promises: isAsync(fn), ended: false }
      const course: Course = { hosted: run, identity: calling.identity }
      const end = () => {
        run.ended = true
        course.hosted = undefined
      }
      try {
        const result = courses.run(course, () => fn(...args))
        if (isThenable(result)) {
          const promise = followed(result, end)
          if (!run.promises) {
            run.promises = true
            tellPromised(run)
          }
          return promise
        }
        end()
        if (!run.promises && !this.#promising.has(slot)) this.functions[slot] = fn
        return result
      } catch (error) {
        end()
        throw error
      }
    }
  }
}

/** A promise of the engine's for any: what is none may do things each time it is asked. @param end told when it has settled */
async function followed(promised: PromiseLike<unknown>, end: () => void): Promise<unknown> {
  try {
    return await promised
  } finally {
    end()
  }
}

/** Has what is done taken for the doing of a host function, on whatever thread, that a call waits for. */
export function asHosted<T>(call: Call, work: () => T): T {
  if (courses === undefined) return work()
  tracks = true
  const instance = call.instance as Guest
  return courses.run({ hosted: { call, instance, promises: true, ended: false }, identity: instance.identity }, work)
}

/** Has a function told when a host function turns out to return a promise. */
export function onPromised(tell: (run: Hosted) => void): void {
  tellPromised = tell
}

/** Does this run in the course of a host function of the instance that has ended? */
export function isLateIn({ identity }: Guest): boolean {
  const here = tracks ? courses?.getStore() : undefined
  return here?.identity === identity && here.hosted === undefined
}

/** The host function that makes a call now and that its guest may wait for; undefined if there is none, or it is not known. */
export function originHere(): Hosted | undefined {
  const here = tracks ? courses?.getStore()?.hosted : undefined
  return here === undefined || isOver(here) ? undefined : here
}

/** Does no guest wait for it any more? */
export function isOver({ ended, call }: Hosted): boolean {
  return ended || call.stopped !== undefined || call.state === 'done'
}

/** Is it an `async` function? What others return is only known when they have run. */
export function isAsync(fn: HostFunction): boolean {
  return (fn as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag] === 'AsyncFunction'
}
