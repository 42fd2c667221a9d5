/** Candidates that are started, and what is asked of all of them by turns. */
import { inRounds, type Work } from '../alternate.ts'
import { ADDENDS, type Candidate, type Engine, type Operation, type Plugin, type StartOptions, SUM, sumOf } from '../candidates/candidate.ts'
import { CANDIDATES, missing } from '../candidates/index.ts'
import type { Failed, Figure, Measured, Settings } from '../figures.ts'
import { ratios, spread } from '../statistics.ts'
import { PATIENCE, within } from '../within.ts'

/** Whom the others are compared with. */
export const REFERENCE = 'curfew'
/** Of calls that are to come to their end: long enough for a busy machine, ms. */
export const PATIENT = 20_000

export interface Contender {
  readonly candidate: Candidate
  readonly engine: Engine
  readonly plugin: Plugin
}

/** Who has failed and why, in one subject: it takes no further part in that, and no other with it. */
export class Failures {
  readonly #reasons = new Map<Candidate, string>()
  readonly #failed: Failed[] = []

  /** Only the first counts: others may follow from it. @param rows of the table that it has no figures in; all that it is not in, unless said */
  add(candidate: Candidate, error: unknown, rows?: readonly string[]): void {
    if (this.#reasons.has(candidate)) return
    const { id, name } = candidate
    this.#reasons.set(candidate, `${name}: ${error instanceof Error ? error.message : String(error)}`)
    this.#failed.push(...(rows === undefined ? [{ candidate: id }] : rows.map((row) => ({ candidate: id, row }))))
  }

  /** Those of them that have not failed. */
  without(contenders: readonly Contender[]): readonly Contender[] {
    return contenders.filter(({ candidate }) => !this.#reasons.has(candidate))
  }

  /** @param rows as of `add` @returns undefined if the candidate has failed, now or before */
  async attempt<T>(candidate: Candidate, work: () => Promise<T>, rows?: readonly string[]): Promise<T | undefined> {
    if (this.#reasons.has(candidate)) return undefined
    try {
      return await work()
    } catch (error) {
      this.add(candidate, error, rows)
      return undefined
    }
  }

  /** For a subject's result. */
  get summary(): Pick<Measured, 'failure' | 'peerFailure' | 'failed'> {
    const of = (whose: boolean) => [...this.#reasons].flatMap(([{ own = false }, reason]) => (own === whose ? [reason] : [])).join('; ')
    const [failure, peerFailure] = [of(true), of(false)]
    return {
      ...(failure === '' ? {} : { failure }),
      ...(peerFailure === '' ? {} : { peerFailure }),
      ...(this.#failed.length === 0 ? {} : { failed: this.#failed }),
    }
  }
}

/** Candidates that can be had here, and why the others cannot. */
export function available(candidates: readonly Candidate[] = CANDIDATES): { present: readonly Candidate[]; note?: string } {
  const present: Candidate[] = []
  const absent: string[] = []
  for (const candidate of candidates) {
    const reason = missing(candidate)
    if (reason === undefined) present.push(candidate)
    else absent.push(`${candidate.name}: not measured here, ${reason}`)
  }
  return { present, ...(absent.length === 0 ? {} : { note: absent.join('; ') }) }
}

/** Who has another deadline than the others. */
export function longer(candidates: readonly Candidate[], timeout: number): string | undefined {
  const those = candidates.flatMap(({ name, leastTimeout = 0 }) => (leastTimeout > timeout ? [`${name} has ${leastTimeout} ms in place of ${timeout}`] : []))
  return those.length === 0 ? undefined : those.join('; ')
}

/** For a subject's result. */
export function notes(...all: readonly (string | undefined)[]): { note?: string } {
  const said = all.filter((note) => note !== undefined)
  return said.length === 0 ? {} : { note: said.join('; ') }
}

/** Starts all candidates with a plugin each, measures, and closes them, whatever happens. */
export async function withContenders(
  { candidates, ...options }: StartOptions & { readonly candidates?: readonly Candidate[] },
  measure: (contenders: readonly Contender[], failures: Failures) => Promise<readonly Figure[]>,
): Promise<Measured> {
  const { present, note } = available(candidates)
  const failures = new Failures()
  const contenders: Contender[] = []
  let figures: readonly Figure[] = []
  try {
    for (const candidate of present) {
      const beginning = begin(candidate, options)
      const contender = await failures.attempt(candidate, () => within(PATIENCE, beginning))
      if (contender !== undefined) contenders.push(contender)
      // It may be there yet
      else beginning.then(close).catch(() => undefined)
    }
    figures = await measure(contenders, failures)
  } finally {
    for (const contender of contenders) await within(PATIENCE, close(contender)).catch((error) => failures.add(contender.candidate, error))
  }
  return { figures, ...notes(note, longer(present, options.timeout)), ...failures.summary }
}

async function begin(candidate: Candidate, options: StartOptions): Promise<Contender> {
  const engine = await candidate.start(options)
  try {
    return { candidate, engine, plugin: await engine.plugin(0) }
  } catch (error) {
    await engine.close()
    throw error
  }
}

async function close({ engine, plugin }: Contender): Promise<void> {
  await plugin.close?.()
  await engine.close()
}

/** Those whose answer is what is expected. Another answer is a failure; to have none is not. */
export async function whoIsRight<T extends string | number>(
  contenders: readonly Contender[],
  failures: Failures,
  answer: (plugin: Plugin) => T | Promise<T | undefined> | undefined,
  expected: T,
): Promise<readonly Contender[]> {
  const right: Contender[] = []
  for (const contender of contenders) {
    await failures.attempt(contender.candidate, async () => {
      const answered = answer(contender.plugin)
      if (answered === undefined) return
      const actual = await within(PATIENCE, answered)
      if (actual !== expected) throw new Error(`${shortened(actual)} in place of ${shortened(expected)}`)
      right.push(contender)
    })
  }
  return right
}

const shortened = (answer: string | number | undefined) => String(JSON.stringify(answer)).slice(0, 40)

/** Those whose `add` adds. */
export function whoAdds(contenders: readonly Contender[], failures: Failures): Promise<readonly Contender[]> {
  return whoIsRight(contenders, failures, sumOf, SUM)
}

export interface Comparison {
  readonly id: string
  /** What is compared, for the table. */
  readonly row: string
  readonly unit: string
  /** From nanoseconds for one to that unit. */
  readonly scale: (nanoseconds: number) => number
  readonly size?: number
}

/** The one unit of which more is better. */
const PER_SECOND = '1/s'

/** Figures of all that can do the work, by turns, with their quartiles and their ratio to Curfew. */
export async function byTurns(
  comparison: Comparison,
  contenders: readonly Contender[],
  work: (contender: Contender) => Work | undefined,
  settings: Settings,
  failures: Failures,
): Promise<Figure[]> {
  const ways: Record<string, Work> = {}
  for (const contender of failures.without(contenders)) {
    const way = work(contender)
    if (way !== undefined) ways[contender.candidate.id] = way
  }
  settings.step?.(comparison.row)
  const { times, failures: failed } = await inRounds(ways, settings)
  const figures: Figure[] = []
  for (const { candidate } of contenders) {
    const nanoseconds = times[candidate.id]
    if (nanoseconds !== undefined) figures.push(figureOf(comparison, candidate, nanoseconds.map(comparison.scale), times[REFERENCE]?.map(comparison.scale)))
    else if (candidate.id in failed) failures.add(candidate, failed[candidate.id], [comparison.row])
  }
  return figures
}

/** @param reference the same of Curfew, in the same rounds */
export function figureOf(
  { id, row, unit, size }: Omit<Comparison, 'scale'>,
  { id: candidate, name }: Candidate,
  values: readonly number[],
  reference?: readonly number[],
): Figure {
  const quartiles = spread(values)
  const rounds = values.length > 1
  return {
    id: `${id}-${candidate}`,
    label: name,
    row,
    candidate,
    value: quartiles.median,
    unit,
    // One round has neither
    ...(rounds ? { best: unit === PER_SECOND ? Math.max(...values) : Math.min(...values), spread: quartiles } : {}),
    ...(reference === undefined ? {} : { ratio: spread(ratios(values, reference)) }),
    ...(size === undefined ? {} : { size }),
  }
}

/** An operation again and again, each when the one before is done. */
export function repeated({ plugin }: Contender, operation: Operation, text = ''): Work | undefined {
  const { there } = plugin
  if (there !== undefined) return (times) => there.many(operation, times, 1, text)
  const once = plugin[operation] as ((first: unknown, second?: unknown) => unknown) | undefined
  if (once === undefined) return undefined
  const [first, second] = operation === 'add' ? ADDENDS : [text]
  return async (times) => {
    for (let time = 0; time < times; time++) {
      const done = once(first, second)
      // What is done at once is not made to wait
      if (done instanceof Promise) await done
    }
  }
}
