/** Collecting garbage when a test or measurement needs it, whatever flags Node was started with. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as (options?: object) => void

/**
 * Thousands of small memories reserve gigabytes of addresses each, which V8 does not see as a reason to collect garbage until there are
 * no more to have.
 */
export function collectGarbage(): void {
  collect()
}

/** What the process holds, in bytes. */
export interface Held {
  /** Objects of JavaScript. */
  readonly heap: number
  /** All that is resident, of whatever. */
  readonly resident: number
}

/**
 * What is left when all garbage is gone, and the room that V8 keeps for more of it: that follows how fast a program allocates, and may be a
 * hundred megabytes. Several times, with turns in between, because what a finalizer lets go of is garbage then.
 */
export async function held(): Promise<Held> {
  for (let round = 0; round < 5; round++) {
    collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const { heapUsed, rss } = process.memoryUsage()
  return { heap: heapUsed, resident: rss }
}
