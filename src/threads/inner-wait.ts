/** What a host function begins while its guest waits for it, and that waits itself: for an instance, or a thread. */
import { originHere } from '../guests/async-context.ts'
import { enterWait } from '../guests/reentrancy.ts'
import type { Call, Hosted } from '../runtime/call.ts'
import { blocked } from './refusals.ts'
import type { RemoteThread } from './remote-thread.ts'

/**
 * @param holders who have what it waits for; undefined if it may be had without anybody giving it back
 * @param refusal what it is rejected with, once it is known that they in turn wait for that host function
 */
export async function unlessStuck<T>(origin: Hosted, holders: () => readonly Call[] | undefined, refusal: () => Error, begin: () => Promise<T>): Promise<T> {
  const { promise: never, reject } = Promise.withResolvers<never>()
  let isRefused = false
  const refuse = () => {
    isRefused = true
    reject(refusal())
  }
  const leave = enterWait({ origin, holders, refuse })
  try {
    return await (isRefused ? never : Promise.race([begin(), never]))
  } finally {
    leave()
  }
}

/** What can begin as soon as its thread does something else than wait for a host function. */
export async function unlessBlocked<T>(thread: RemoteThread, module: string | undefined, begin: () => Promise<T>): Promise<T> {
  const origin = originHere()
  if (origin === undefined) return begin()
  // Whether the thread waits for it is known when it has returned
  await undefined
  const holders = () => (thread.blocking === undefined ? undefined : [thread.blocking])
  return unlessStuck(origin, holders, () => blocked(module, undefined), begin)
}
