/** How late the event loop comes to its timers while a soak acts, and not while it measures memory. */
import { monitorEventLoopDelay } from 'node:perf_hooks'

/** In ms, each the worst of all stretches. */
export interface Lag {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

type Monitor = ReturnType<typeof monitorEventLoopDelay>

/** Of the timer that is watched, ms. */
const INTERVAL = 1

export class LagMeter {
  /** One for each stretch: a monitor that is enabled again takes the time between for a turn. */
  readonly #stretches: Monitor[] = []

  /** Measures while something goes on. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    const monitor = monitorEventLoopDelay({ resolution: INTERVAL })
    this.#stretches.push(monitor)
    monitor.enable()
    try {
      return await work()
    } finally {
      monitor.disable()
    }
  }

  get worst(): Lag {
    const worst = (of: (stretch: Monitor) => number) => Math.max(0, ...this.#stretches.map((stretch) => of(stretch) / 1e6 - INTERVAL))
    return { p50: worst((stretch) => stretch.percentile(50)), p99: worst((stretch) => stretch.percentile(99)), max: worst(({ max }) => max) }
  }
}
