/** What bench/run.ts has written. */
import { CANDIDATES } from '../candidates/index.ts'
import { type Figure, hasFailed, type Result } from '../figures.ts'
import type { Machine } from '../machine.ts'

export interface Report extends Machine {
  /** Versions, by name. */
  readonly packages: Readonly<Record<string, string>>
  /** Subjects that were to be measured, of a run that was interrupted. */
  readonly unfinished?: readonly string[]
  readonly results: readonly Result[]
}

/** Of a subject; none if it was not measured. */
export function figuresOf({ results }: Report, subject: string): readonly Figure[] {
  return results.find((result) => result.subject === subject)?.figures ?? []
}

/** Who is not where others have figures because it failed: to be said of a chart, since nothing is drawn of it there. */
export function failed({ results }: Report, subject: string, figures: readonly Figure[]): string[] {
  const result = results.find((each) => each.subject === subject)
  if (result === undefined) return []
  const rows = new Map(figures.map(({ row, size }) => [row, size]))
  return CANDIDATES.flatMap(({ id, name }) => {
    const lost = [...rows].filter(([row]) => hasFailed(result, id, row) && !figures.some((figure) => figure.candidate === id && figure.row === row))
    const sizes = lost.flatMap(([, size]) => size?.toLocaleString('en') ?? [])
    return lost.length === 0 ? [] : [[`${name} failed`, ...(sizes.length === 0 ? [] : [`with ${sizes.join(' and ')}`])].join(' ')]
  })
}

export interface Named extends Figure {
  readonly candidate: string
  readonly name: string
}

/** With the names of the candidates whose they are, of a row or of all whose id begins so. */
export function named(figures: readonly Figure[], prefix: string): Named[] {
  return figures.flatMap((figure): Named[] => {
    const candidate = CANDIDATES.find(({ id }) => id === figure.candidate)
    return candidate !== undefined && figure.id.startsWith(prefix) ? [{ ...figure, candidate: candidate.id, name: candidate.name }] : []
  })
}

/** Where and when the figures were made, for a subtitle. */
export function origin(report: Report): string {
  return `${madeOn(report)}, ${report.date.slice(0, 10)}`
}

export function madeOn({ node, cpu, cores, system }: Report): string {
  return `Node ${node}, ${cpu}, ${cores} cores, ${system.split(' ')[0]}`
}
