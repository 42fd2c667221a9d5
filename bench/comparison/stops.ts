/** What happens when a plugin does not end by itself. */
import { inTurn } from '../alternate.ts'
import { ADDENDS, type Candidate, type Recovery } from '../candidates/candidate.ts'
import type { Figure, Measured, Settings, Subject } from '../figures.ts'
import { PATIENCE, within } from '../within.ts'
import { type Contender, type Failures, figureOf, notes, whoAdds, withContenders } from './contenders.ts'

/** ms */
const TIMEOUT = 50
const MANY_STOPS = 200
/** Of each candidate, for each of the rounds in which other things are compared. */
const STOPS_A_ROUND = 3
const RECOVERY_TIMEOUT = 20

export const deadline: Subject = {
  id: 'deadline',
  title: `How late an endless loop ends that has ${TIMEOUT} ms`,
  measure: (settings) =>
    withContenders({ timeout: TIMEOUT }, async (contenders, failures) => {
      const late = await rounds(contenders, failures, settings, ({ plugin }) => plugin.hang && within(PATIENCE, plugin.hang()))
      return [...late].flatMap(([candidate, values]) => distribution('late', 'late, 50 ms deadline', candidate, values, times(settings)))
    }).then(explained),
}

export const recovery: Subject = {
  id: 'recovery',
  title: 'From an interruption to the first good call: from the deadline, and from its error',
  measure: (settings) =>
    withContenders({ timeout: RECOVERY_TIMEOUT }, async (contenders, failures) => {
      const recoveries = await rounds(await whoAdds(contenders, failures), failures, settings, ({ plugin: { hang, add, there } }) => {
        if (hang === undefined || add === undefined) return undefined
        return within(PATIENCE, there === undefined ? nextGood(hang, () => add(...ADDENDS)) : there.recover())
      })
      return [...recoveries].flatMap(([candidate, values]) => [
        ...distribution(
          'whole',
          'deadline to good call',
          candidate,
          values.map(({ late, took }) => late + took),
          times(settings),
        ),
        ...distribution(
          'recovery',
          'error to good call',
          candidate,
          values.map(({ took }) => took),
          times(settings),
        ),
      ])
    }).then(explained),
}

/** Times below 0 are no mistake. */
export function explained(measured: Measured): Measured {
  const early = measured.figures.some(({ value, distribution = [] }) => value < 0 || distribution.some((each) => each < 0))
  return early ? { ...measured, ...notes(measured.note, 'below 0 is too early: a timer counts whole milliseconds, and may be up to one early') } : measured
}

const times = ({ quick, full, rounds }: Settings) => (quick ? rounds : full ? MANY_STOPS : STOPS_A_ROUND * rounds)

/** It is asked again as long as it fails: some refuse, or are out of time, until another thread is there. */
async function nextGood(hang: () => Promise<number>, call: () => unknown): Promise<Recovery> {
  const late = await hang()
  const began = performance.now()
  for (;;) {
    try {
      await call()
      return { late, took: performance.now() - began }
    } catch {
      if (performance.now() - began > PATIENCE) throw new Error('no call has worked since')
    }
  }
}

/** Some values of each candidate, by turns. */
async function rounds<T>(
  contenders: readonly Contender[],
  failures: Failures,
  settings: Settings,
  measure: (contender: Contender) => Promise<T> | undefined,
): Promise<Map<Candidate, T[]>> {
  const values = new Map<Candidate, T[]>()
  const unable = new Set<Contender>()
  const count = times(settings)
  // The first one of each is not counted: code is cold
  for (let time = -1; time < count; time++) {
    settings.step?.(`${time + 1} of ${count}`)
    for (const contender of inTurn(contenders, time)) {
      const { candidate } = contender
      if (unable.has(contender)) continue
      try {
        const value = await measure(contender)
        if (value === undefined) unable.add(contender)
        else if (time >= 0) values.set(candidate, [...(values.get(candidate) ?? []), value])
      } catch (error) {
        failures.add(candidate, new Error(`after ${Math.max(0, time)} stops: ${error instanceof Error ? error.message : String(error)}`))
        unable.add(contender)
      }
    }
  }
  return values
}

/** @param wanted so many values, if all went well: of fewer than a hundred, the 99th percentile is the largest, and is called that */
export function distribution(id: string, row: string, candidate: Candidate, values: readonly number[], wanted: number): Figure[] {
  const sorted = values.toSorted((a, b) => a - b)
  const p99 = sorted[Math.ceil(0.99 * sorted.length) - 1] as number
  const tail = wanted < 100 ? { row: `${row}, max of ${wanted}`, label: `max of ${values.length}` } : { row: `${row}, p99`, label: `p99 of ${values.length}` }
  const typical = figureOf({ id, row: `${row}, p50`, unit: 'ms' }, candidate, values)
  const name = { candidate: candidate.id, unit: 'ms' }
  return [
    { ...typical, distribution: sorted },
    { ...name, id: `${id}-${candidate.id}-p99`, label: `${candidate.name}, ${tail.label}`, row: tail.row, value: p99 },
  ]
}
