import { Samples } from './samples.ts'

/**
 * Measures how long the event loop's turns take: no timer and no socket waits longer than a turn because of what runs here.
 * It looks once a turn, to the microsecond; timers and `monitorEventLoopDelay` see milliseconds only. It keeps the loop turning.
 */
export class LagSampler {
  /** Milliseconds from one turn to the next. */
  readonly samples: Samples
  #running = true

  /** @param samples where to add what it measures */
  constructor(samples: Samples = new Samples()) {
    this.samples = samples
    let last = performance.now()
    const look = () => {
      const now = performance.now()
      this.samples.add(now - last)
      last = now
      if (this.#running) setImmediate(look)
    }
    setImmediate(look)
  }

  stop(): Samples {
    this.#running = false
    return this.samples
  }
}
