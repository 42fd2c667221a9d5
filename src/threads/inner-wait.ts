/** What a host function begins while its guest waits for it, and that waits itself: for an instance, or a thread. */
import { enterWait } from '../guests/reentrancy.ts'
import type { Call, Hosted } from '../runtime/call.ts'

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
