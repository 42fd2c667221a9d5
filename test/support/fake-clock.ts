import { type Clock, setClock } from '../../src/runtime/clock.ts'

/** A clock that stands still until it is moved: makes slices and deadlines countable without sleeping. */
export class FakeClock implements Clock {
  #now = 0
  /** How often it was read. */
  reads = 0
  /** Called on each reading, with its number from 1. */
  onRead: ((read: number) => void) | undefined

  now(): number {
    this.reads++
    this.onRead?.(this.reads)
    return this.#now
  }

  /** The time, without this counting as a reading. */
  get time(): number {
    return this.#now
  }

  advance(ms: number): void {
    this.#now += ms
  }
}

/** Runs something under a clock of its own, which is taken away again however it ends. */
export async function withFakeClock<T>(run: (clock: FakeClock) => T | Promise<T>): Promise<T> {
  const clock = new FakeClock()
  const restore = setClock(clock)
  try {
    return await run(clock)
  } finally {
    restore()
  }
}
