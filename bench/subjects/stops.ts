import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Host, Module } from 'curfew'
import { Samples } from '../../examples/gateway/samples.ts'
import { lateness } from '../candidates/candidate.ts'
import type { Figure, Subject } from '../figures.ts'
import { withHost } from '../host.ts'
import { withLag } from '../lag.ts'
import { TRIVIAL } from '../plugins.ts'

/** Of the endless loop whose stops are measured, ms. */
const TIMEOUT = 50
const STOPS = 120
const RESTARTS = 150
/** Of each call that is interrupted to see a restart, ms: long enough that the way there is out of the processor's caches, as it is in real life. */
const RESTART_TIMEOUT = 20
/** How long an endless loop runs beside the event loop each time, ms, and how often. */
const LAG_DURATION = 1000
const LAG_ROUNDS = 4

export const overshoot: Subject = {
  id: 'overshoot',
  title: `From a deadline of ${TIMEOUT} ms to its error, alone on the thread`,
  async measure({ quick }) {
    return withModule(async (module) => {
      const late = new Samples()
      const plain = new Samples()
      for (let stops = 0; stops < (quick ? 3 : STOPS); stops++) {
        late.add(await stop(module, TIMEOUT))
        plain.add(spin(TIMEOUT) - TIMEOUT)
      }
      return { figures: distribution(late, 1, plain, 'a JavaScript loop that looks at the clock') }
    })
  },
}

export const lag: Subject = {
  id: 'lag',
  title: 'Event-loop lag while an endless loop runs',
  async measure({ quick }) {
    return withModule(async (module, host) => {
      const beside = new Samples()
      const plain = new Samples()
      const duration = quick ? TIMEOUT : LAG_DURATION
      await withLag(async (during) => {
        for (let rounds = 0; rounds < (quick ? 1 : LAG_ROUNDS); rounds++) {
          await during(() => stop(module, duration), beside)
          await during(() => spinInSlices(duration, host.slice), plain)
        }
      })
      const figures = distribution(beside, host.features.slices ? 2 : undefined, plain, `JavaScript in slices of ${host.slice} ms`)
      return host.features.slices ? { figures } : { figures, note: 'without JSPI a guest holds the event loop until its deadline' }
    })
  },
}

export const restart: Subject = {
  id: 'restart',
  title: 'From the error of an interruption to the result of the next call',
  async measure({ quick }) {
    return withModule(async (module) => {
      const fresh = new Samples()
      const whole = new Samples()
      for (let restarts = 0; restarts < (quick ? 3 : RESTARTS); restarts++) {
        const late = await stop(module, RESTART_TIMEOUT)
        const from = performance.now()
        await module.call('add', [1, 2])
        const took = performance.now() - from
        fresh.add(took)
        whole.add(late + took)
      }
      return {
        figures: [
          { id: 'p50', label: 'p50', value: fresh.median, unit: 'ms', goal: 0.1 },
          { id: 'p99', label: 'p99', value: fresh.percentile(0.99), unit: 'ms', goal: 0.1 },
          { id: 'from-deadline', label: 'from the deadline, p50', value: whole.median, unit: 'ms' },
          { id: 'from-deadline-p99', label: 'from the deadline, p99', value: whole.percentile(0.99), unit: 'ms' },
        ],
        note: 'a new instance is made before the error is given out',
      }
    })
  },
}

async function withModule<T>(measure: (module: Module, host: Host) => Promise<T>): Promise<T> {
  return withHost({}, async (host) => {
    const module = await host.loadModule('trivial', TRIVIAL)
    for (let warmUp = 0; warmUp < 10; warmUp++) await stop(module, 2)
    return await measure(module, host)
  })
}

/** How late an endless loop ends, ms. */
function stop(module: Module, timeout: number): Promise<number> {
  return lateness(timeout, () => module.call('loop', [], { timeout }))
}

/** Milliseconds that plain JavaScript takes for so many: what is not Curfew's doing shows here too. */
function spin(ms: number): number {
  const began = performance.now()
  for (;;) {
    const took = performance.now() - began
    if (took >= ms) return took
  }
}

async function spinInSlices(duration: number, slice: number): Promise<void> {
  const end = performance.now() + duration
  while (performance.now() < end) {
    spin(slice)
    await nextTurn()
  }
}

/** @param control the same for plain JavaScript, called `label` */
function distribution(samples: Samples, goal: number | undefined, control: Samples, label: string): Figure[] {
  const { p50, p99, max, count } = samples.summary
  return [
    { id: 'p50', label: 'p50', value: p50, unit: 'ms' },
    { id: 'p99', label: 'p99', value: p99, unit: 'ms', ...(goal === undefined ? {} : { goal, control: control.percentile(0.99) }) },
    { id: 'max', label: `max of ${count.toLocaleString('en')}`, value: max, unit: 'ms' },
    { id: 'plain-p99', label: `${label}, p99`, value: control.percentile(0.99), unit: 'ms' },
    { id: 'plain-max', label: `${label}, max`, value: control.max, unit: 'ms' },
  ]
}
