/** Compares one subject with itself, raw, guarded and with fuel, and prints what came of it as JSON: `node bench/real/child.ts <id> <rounds>`. */
import { median } from '../figures.ts'
import { fuelled, guarded, loadThrough, type Rewriter, raw, recording, type Seen } from './engine.ts'
import { has } from './features.ts'
import { chosen } from './index.ts'
import type { RealSubject, Workload } from './subject.ts'

export interface Outcome {
  /** Of the modules that were instantiated while it was loaded. */
  readonly modules?: number
  readonly size?: number
  readonly guardedSize?: number
  /** Did all runs have the same digest? */
  readonly equal?: boolean
  readonly digests?: readonly string[]
  /** Median milliseconds of a run. */
  readonly raw?: number
  readonly guarded?: number
  readonly fuelled?: number
  /** Why it was not run, or what went wrong. */
  readonly skipped?: string
  readonly failure?: string
}

/** V8 optimises in the background, for long if there is much: until it has, times are not to be compared. ms */
const WARM_UP = 2_500
const WARM_UP_PER_MB = 1_000
const MOST_WARM_UP = 18_000

interface Side {
  readonly name: 'raw' | 'guarded' | 'fuelled'
  readonly workload: Workload
  readonly digests: Set<string>
  readonly times: number[]
}

const [id = '', rounds = '20'] = process.argv.slice(2)
const [subject] = chosen([id])
process.stdout.write(JSON.stringify(await outcome(subject as RealSubject, Number(rounds))))
// Workers and timers of some glue would keep the process alive
process.exit()

async function outcome(subject: RealSubject, rounds: number): Promise<Outcome> {
  if (subject.needs !== undefined && !has(subject.needs)) return { skipped: `this engine has no ${subject.needs}` }
  let step = ''
  try {
    const seen: Seen[] = []
    const rewriters: Record<Side['name'], Rewriter> = { raw, guarded: recording(guarded, seen), fuelled }
    const sides: Side[] = []
    for (const [name, rewriter] of Object.entries(rewriters) as [Side['name'], Rewriter][]) {
      step = `loading it ${name}`
      sides.push({ name, workload: await loadThrough(rewriter, subject), digests: new Set(), times: [] })
    }
    const size = seen.reduce((sum, { original }) => sum + original.length, 0)
    const warmUp = rounds > 1 ? Math.min(MOST_WARM_UP, WARM_UP + (size / 1e6) * WARM_UP_PER_MB) : 0
    const start = performance.now()
    for (let round = 0; round < rounds; ) {
      // Every other round the other way round, so that none always follows the same one
      for (const side of round % 2 === 0 ? sides : sides.toReversed()) {
        step = `running it ${side.name}`
        const began = performance.now()
        side.digests.add(await side.workload.run())
        side.times.push(performance.now() - began)
      }
      if (performance.now() - start < warmUp) for (const { times } of sides) times.length = 0
      else round++
    }
    const digests = [...new Set(sides.flatMap((side) => [...side.digests]))]
    const [rawTime, guardedTime, fuelledTime] = sides.map(({ times }) => median(times))
    return {
      modules: seen.length,
      size,
      guardedSize: seen.reduce((sum, { rewritten }) => sum + rewritten.length, 0),
      equal: digests.length === 1,
      digests,
      raw: rawTime as number,
      guarded: guardedTime as number,
      fuelled: fuelledTime as number,
    }
  } catch (error) {
    return { failure: `${step}: ${error instanceof Error ? error.stack : String(error)}` }
  }
}
