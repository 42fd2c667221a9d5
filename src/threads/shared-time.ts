/** Moments on the clock of this thread, as every other thread of the process understands them. */
import { processTime } from '../node.ts'

const READINGS = 10

/**
 * How far one clock is ahead of another. Of several readings that counts which took least: a thread may be put aside between two looks, for
 * tens of milliseconds where many start at once, and all deadlines there would be late by as much.
 */
export function aheadBy(ahead: () => number, clock: () => number): number {
  let least = Number.POSITIVE_INFINITY
  let offset = 0
  for (let reading = 0; reading < READINGS; reading++) {
    const before = clock()
    const at = ahead()
    const took = clock() - before
    if (took >= least) continue
    least = took
    offset = at - before - took / 2
  }
  return offset
}

const OFFSET = aheadBy(processTime, () => performance.now())

export function toShared(at: number): number {
  return at + OFFSET
}

export function fromShared(at: number): number {
  return at - OFFSET
}
