import type { Guest } from '../guests/executor.ts'
import { LONGEST_TIMER } from '../runtime/turn.ts'

/** How the calls of a version that was replaced ended. */
export interface Drained {
  /** Had all calls and leases ended by themselves? If not, the rest ended with `closed`. */
  readonly drained: boolean
}

/** Closes a guest that gets no new calls, when those that it has are done or time is up. @param calls when they are done @param limit ms; 0: none */
export async function drain(guest: Guest, calls: Promise<void>, limit: number): Promise<Drained> {
  const idle = calls.then(() => true)
  let timer: ReturnType<typeof setTimeout> | undefined
  try {
    const drained =
      limit === 0
        ? await idle
        : await Promise.race([
            idle,
            new Promise<false>((resolve) => {
              timer = setTimeout(() => resolve(false), Math.min(limit, LONGEST_TIMER))
            }),
          ])
    return { drained }
  } finally {
    clearTimeout(timer)
    await guest.close()
  }
}
