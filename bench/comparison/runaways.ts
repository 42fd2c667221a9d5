/** The event loop, and calls that mean well, beside plugins that never end: by how many there are. */
import { availableParallelism } from 'node:os'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Samples } from '../../examples/gateway/samples.ts'
import { ADDENDS, type Candidate, type Plugin, SUM, sumOf } from '../candidates/candidate.ts'
import type { Figure, Settings, Subject } from '../figures.ts'
import { withLag } from '../lag.ts'
import { line } from '../statistics.ts'
import { within } from '../within.ts'
import { available, Failures, longer, notes } from './contenders.ts'
import { growth } from './growth.ts'

const COUNTS = [0, 1, 10, 100]
/** Of those that take a thread for each plugin. */
const THREADS = 10
/** Of the endless loops, each of which begins again when it has ended, ms. */
const TIMEOUT = 200
/** ms */
const DURATION = 400
const LONG_DURATION = 3_000
/** Of one candidate beside so many: one that is not done by then hangs, ms. */
const PATIENCE = 15_000
/** Each makes a call in each turn of the event loop, when the one before has been answered. */
const CALLERS = 16

export const runaways: Subject = {
  id: 'runaways',
  title: `The event loop and the calls of ${CALLERS} callers, by how many endless loops of ${TIMEOUT} ms run beside them`,
  async measure(settings) {
    const { present, note } = available()
    const failures = new Failures()
    const figures: Figure[] = []
    for (const candidate of present) {
      for (const count of counts(candidate, settings)) {
        settings.step?.(`${count} endless loops, ${candidate.name}`)
        const found = await failures.attempt(candidate, () => within(PATIENCE, beside(candidate, count, settings)))
        if (found === undefined) break
        if (found !== 'never ends') figures.push(...figuresOf(candidate, count, found))
      }
    }
    // What one more of them takes from the event loop
    const further = growth(figures, {
      id: 'growth',
      label: 'lag of one more',
      row: 'lag of one more runaway',
      unit: 'us',
      point: ({ size, value, unit }) => (unit === 'ms' ? [size, value] : undefined),
      fit: (points) => line(points).slope * 1e3,
      least: 3,
    })
    return { figures: [...figures, ...further], ...notes(note, longer(present, TIMEOUT), 'one run of each'), ...failures.summary }
  },
}

/** One that holds the event loop does so one after another, however many there are. */
function counts({ holds, most }: Candidate, { quick, full }: Settings): number[] {
  const limit = holds ? 1 : most === undefined || full ? Number.POSITIVE_INFINITY : THREADS
  return (quick ? COUNTS.slice(0, 2) : COUNTS).filter((count) => count <= limit)
}

interface Found {
  /** Not of what is in another process: no event loop waits for that. */
  readonly lag?: Samples
  /** Calls that were answered, each second. */
  readonly answered: number
}

async function beside(candidate: Candidate, count: number, { quick, full }: Settings): Promise<Found | 'never ends'> {
  const engine = await candidate.start({ timeout: TIMEOUT, threads: availableParallelism() })
  const plugins: Plugin[] = []
  try {
    for (let number = 0; number <= count; number++) plugins.push(await engine.plugin(number))
    const [good, ...bad] = plugins as [Plugin, ...Plugin[]]
    const sum = await sumOf(good)
    if (sum !== SUM) throw new Error(`${sum} in place of ${SUM}`)
    if (bad.some(({ hang }) => hang === undefined)) return 'never ends'
    const duration = quick ? TIMEOUT : full ? LONG_DURATION : DURATION
    if (engine.there !== undefined) return { answered: await engine.there.beside(count, CALLERS, duration) }
    let over = false
    const loops = bad.map(async ({ hang }) => {
      // A worker that is ended again while it starts is begun anew: that too is what is measured
      while (!over) {
        await hang?.().catch(() => undefined)
        // Those that hold the event loop would hold it for good
        await nextTurn()
      }
    })
    try {
      // Until all of them are under way
      if (count > 0) await nextTurn()
      const { result: answered, lag } = await withLag(() => answeredCalls(good, duration))
      return { lag, answered }
    } finally {
      over = true
      await Promise.all(loops)
    }
  } finally {
    for (const plugin of plugins) await plugin.close?.()
    await engine.close()
  }
}

/** Calls a second, of all callers together. */
async function answeredCalls(plugin: Plugin, duration: number): Promise<number> {
  let answered = 0
  const began = performance.now()
  const callers = Array.from({ length: CALLERS }, async () => {
    while (performance.now() - began < duration) {
      // One that is out of time, because others have it all, has not been answered
      const done = await Promise.resolve(plugin.add?.(...ADDENDS)).then(
        () => 1,
        () => 0,
      )
      answered += done
      await nextTurn()
    }
  })
  await Promise.all(callers)
  return (answered * 1e3) / (performance.now() - began)
}

function figuresOf({ id, name }: Candidate, size: number, { lag, answered }: Found): Figure[] {
  const named = { label: name, candidate: id, size }
  const good = { ...named, id: `good-${size}-${id}`, row: `good calls/s, ${size} runaways`, value: answered, unit: '1/s' }
  if (lag === undefined) return [good]
  return [{ ...named, id: `lag-${size}-${id}`, row: `event-loop lag p99, ${size} runaways`, value: lag.percentile(0.99), unit: 'ms' }, good]
}
