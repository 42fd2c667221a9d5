import { setImmediate as nextTurn } from 'node:timers/promises'
import { LagSampler } from '../examples/gateway/lag.ts'
import { Samples } from '../examples/gateway/samples.ts'

/** Work, and how long the event loop's turns take meanwhile, ms. @param lag where to add them */
export async function withLag<T>(work: () => Promise<T>, lag: Samples = new Samples()): Promise<{ readonly result: T; readonly lag: Samples }> {
  const sampler = new LagSampler(lag)
  try {
    return { result: await work(), lag }
  } finally {
    sampler.stop()
    // The turn that it was waiting for is not to be the next one's
    await nextTurn()
  }
}
