/** Which request of the host a thread is doing, also where that had to wait: as part of it, its host functions are called. */
import { builtin } from '../node.ts'

const { AsyncLocalStorage } = builtin('async_hooks') ?? {}
const requests = AsyncLocalStorage === undefined ? undefined : new AsyncLocalStorage<number>()

export function asRequest<T>(id: number, work: () => T): T {
  return requests === undefined ? work() : requests.run(id, work)
}

export function currentRequest(): number | undefined {
  return requests?.getStore()
}
