/** Some candidates hang, by their own account: nothing that is asked of them is waited for without end. */

/** Of whatever is asked of a candidate once: it is given up then, ms. What holds the event loop cannot be. */
export const PATIENCE = 20_000

/** @throws Error if it has not settled by then, ms */
export async function within<T>(limit: number, promise: T | Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`no answer within ${limit} ms`)), limit)
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
