/**
 * Event-loop lag: how long the loop leaves an event waiting that comes from elsewhere at a random moment. Percentiles are of moments: a turn
 * counts by how long it takes. Who looks once a turn gets percentiles of turns, of which an idle loop has a million a second; and keeps the
 * loop turning, at the cost of whatever runs on other threads.
 */
import { once } from 'node:events'
// The clock that threads share
import { hrtime } from 'node:process'
import { Worker } from 'node:worker_threads'
import { Samples } from '../examples/gateway/samples.ts'

const THREAD = new URL('lag-thread.ts', import.meta.url)

/** Does work, and notes the lag meanwhile, ms. @param lag where to add it */
export type MeasureLag = <T>(work: () => Promise<T>, lag?: Samples) => Promise<{ readonly result: T; readonly lag: Samples }>

/** @param measure may begin what lag is measured beside before it measures: the thread that this takes is there by then, and gone afterwards */
export async function withLag<T>(measure: (during: MeasureLag) => Promise<T>): Promise<T> {
  const thread = new Worker(THREAD)
  try {
    await once(thread, 'message')
    return await measure((work, lag) => during(thread, work, lag))
  } finally {
    await thread.terminate()
  }
}

async function during<T>(thread: Worker, work: () => Promise<T>, lag: Samples = new Samples()): Promise<{ readonly result: T; readonly lag: Samples }> {
  const began = hrtime.bigint()
  let ended: bigint | undefined
  const { promise: complete, resolve } = Promise.withResolvers<void>()
  const note = (sent: bigint) => {
    // They arrive in order: all that was sent during the work is there
    if (ended !== undefined && sent > ended) resolve()
    else if (sent > began) lag.add(Number(hrtime.bigint() - sent) / 1e6)
  }
  thread.on('message', note)
  try {
    return { result: await work(), lag }
  } finally {
    ended = hrtime.bigint()
    await complete
    thread.off('message', note)
  }
}
