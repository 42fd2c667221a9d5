/** The event loop, and calls that mean well, beside plugins that never end: by how many there are. */
import { availableParallelism } from 'node:os'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Samples } from '../../examples/gateway/samples.ts'
import { ADDENDS, type Candidate, type Engine, type Plugin, SUM, sumOf } from '../candidates/candidate.ts'
import type { Figure, Settings, Subject } from '../figures.ts'
import { type MeasureLag, withLag } from '../lag.ts'
import { within } from '../within.ts'
import { available, Failures, longer, notes } from './contenders.ts'
import { growth, LAG } from './growth.ts'

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
    await withLag(async (during) => {
      for (const candidate of present) {
        const sizes = counts(candidate, settings)
        for (const [index, count] of sizes.entries()) {
          settings.step?.(`${among(count)}, ${candidate.name}`)
          // Whoever fails beside so many is not asked beside more
          const rows = sizes.slice(index).flatMap((size) => Object.values(rowsOf(size)))
          const found = await failures.attempt(candidate, () => beside(candidate, count, settings, during), rows)
          if (found === undefined) break
          if (found !== 'never ends') figures.push(...figuresOf(candidate, count, found))
        }
      }
    })
    return { figures: [...figures, ...growth(figures, LAG)], ...notes(note, longer(present, TIMEOUT), 'one run of each'), ...failures.summary }
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

/**
 * One that hangs is closed as well, so that what it does beside others ends.
 *
 * @param patience ms
 * @throws Error that says beside how many
 */
export async function beside(
  candidate: Candidate,
  count: number,
  settings: Settings,
  during: MeasureLag,
  patience: number = PATIENCE,
): Promise<Found | 'never ends'> {
  const engine = await within(patience, candidate.start({ timeout: TIMEOUT, threads: availableParallelism() }))
  const plugins: Plugin[] = []
  const over = new AbortController()
  try {
    return await within(patience, measured(engine, plugins, count, settings, during, over))
  } catch (error) {
    throw new Error(`${among(count)}: ${error instanceof Error ? error.message : String(error)}`)
  } finally {
    over.abort()
    await within(patience, closed(engine, plugins))
  }
}

async function closed(engine: Engine, plugins: readonly Plugin[]): Promise<void> {
  for (const plugin of plugins) await plugin.close?.()
  await engine.close()
}

/**
 * @param plugins where to put what it loads
 * @param over aborted when the loops are not to begin again
 */
async function measured(
  engine: Engine,
  plugins: Plugin[],
  count: number,
  { quick, full }: Settings,
  during: MeasureLag,
  over: AbortController,
): Promise<Found | 'never ends'> {
  for (let number = 0; number <= count; number++) plugins.push(await engine.plugin(number))
  const [good, ...bad] = plugins as [Plugin, ...Plugin[]]
  const sum = await sumOf(good)
  if (sum !== SUM) throw new Error(`${sum} in place of ${SUM}`)
  if (bad.some(({ hang }) => hang === undefined)) return 'never ends'
  const duration = quick ? TIMEOUT : full ? LONG_DURATION : DURATION
  if (engine.there !== undefined) return { answered: await engine.there.beside(count, CALLERS, duration) }
  const loops = bad.map(async ({ hang }) => {
    // A worker that is ended again while it starts is begun anew: that too is what is measured
    while (!over.signal.aborted) {
      await hang?.().catch(() => undefined)
      // Those that hold the event loop would hold it for good
      await nextTurn()
    }
  })
  // Until all of them are under way
  if (count > 0) await nextTurn()
  const { result: answered, lag } = await during(() => answeredCalls(good, duration))
  over.abort()
  await Promise.all(loops)
  return { lag, answered }
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

const among = (count: number) => `${count} ${count === 1 ? 'runaway' : 'runaways'}`

const rowsOf = (count: number) => ({ lag: `event-loop lag p99, ${among(count)}`, good: `good calls/s, ${among(count)}` })

function figuresOf({ id, name }: Candidate, size: number, { lag, answered }: Found): Figure[] {
  const named = { label: name, candidate: id, size }
  const rows = rowsOf(size)
  const good = { ...named, id: `good-${size}-${id}`, row: rows.good, value: answered, unit: '1/s' }
  if (lag === undefined) return [good]
  return [{ ...named, id: `lag-${size}-${id}`, row: rows.lag, value: lag.percentile(0.99), unit: 'ms' }, good]
}
