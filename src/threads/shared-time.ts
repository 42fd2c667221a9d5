/** Moments on the clock of this thread, as every other thread of the process understands them. */
import { processTime } from '../node.ts'

const OFFSET = processTime() - performance.now()

export function toShared(at: number): number {
  return at + OFFSET
}

export function fromShared(at: number): number {
  return at - OFFSET
}
