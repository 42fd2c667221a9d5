/** What happens when a plugin does not end by itself. */
import { inTurn } from '../alternate.ts'
import type { Candidate, Recovery } from '../candidates/candidate.ts'
import type { Figure, Settings, Subject } from '../figures.ts'
import { type Contender, type Failures, figureOf, withContenders, within } from './contenders.ts'

/** ms */
const TIMEOUT = 50
const MANY_STOPS = 200
/** Of each candidate, for each of the rounds in which other things are compared. */
const STOPS_A_ROUND = 3
const RECOVERY_TIMEOUT = 20
/** Of one stop or recovery, ms. */
const PATIENCE = 10_000

export const deadline: Subject = {
  id: 'deadline',
  title: `How late an endless loop ends that has ${TIMEOUT} ms`,
  measure: (settings) =>
    withContenders({ timeout: TIMEOUT }, async (contenders, failures) => {
      const late = await rounds(contenders, failures, settings, ({ plugin }) => plugin.hang && within(PATIENCE, plugin.hang()))
      return [...late].flatMap(([candidate, values]) => distribution('late', 'late, 50 ms deadline', candidate, values))
    }),
}

export const recovery: Subject = {
  id: 'recovery',
  title: 'From an interruption to the first good call: from the deadline, and from its error',
  measure: (settings) =>
    withContenders({ timeout: RECOVERY_TIMEOUT }, async (contenders, failures) => {
      const recoveries = await rounds(contenders, failures, settings, ({ plugin: { hang, add, there } }) => {
        if (hang === undefined || add === undefined) return undefined
        return within(PATIENCE, there === undefined ? nextGood(hang, add) : there.recover())
      })
      return [...recoveries].flatMap(([candidate, values]) => [
        ...distribution(
          'whole',
          'deadline to good call',
          candidate,
          values.map(({ late, took }) => late + took),
        ),
        ...distribution(
          'recovery',
          'error to good call',
          candidate,
          values.map(({ took }) => took),
        ),
      ])
    }),
}

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
  { quick, full, rounds, step }: Settings,
  measure: (contender: Contender) => Promise<T> | undefined,
): Promise<Map<Candidate, T[]>> {
  const values = new Map<Candidate, T[]>()
  const failed = new Set<Contender>()
  const times = quick ? rounds : full ? MANY_STOPS : STOPS_A_ROUND * rounds
  // The first one of each is not counted: code is cold
  for (let time = -1; time < times; time++) {
    step?.(`${time + 1} of ${times}`)
    for (const contender of inTurn(contenders, time)) {
      const { candidate } = contender
      if (failed.has(contender)) continue
      try {
        const value = await measure(contender)
        if (value === undefined) failed.add(contender)
        else if (time >= 0) values.set(candidate, [...(values.get(candidate) ?? []), value])
      } catch (error) {
        failures.add(candidate, new Error(`after ${Math.max(0, time)} stops: ${error instanceof Error ? error.message : String(error)}`))
        failed.add(contender)
      }
    }
  }
  return values
}

function distribution(id: string, row: string, candidate: Candidate, values: readonly number[]): Figure[] {
  const sorted = values.toSorted((a, b) => a - b)
  const p99 = sorted[Math.ceil(0.99 * sorted.length) - 1] as number
  const typical = figureOf({ id, row: `${row}, p50`, unit: 'ms' }, candidate, values)
  const name = { candidate: candidate.id, unit: 'ms' }
  return [
    { ...typical, distribution: sorted },
    { ...name, id: `${id}-${candidate.id}-p99`, label: `${candidate.name}, p99 of ${values.length}`, row: `${row}, p99`, value: p99 },
  ]
}
