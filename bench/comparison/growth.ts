/** What the figures of a candidate say together: how its cost grows. */
import { CANDIDATES } from '../candidates/index.ts'
import type { Figure } from '../figures.ts'
import type { Point } from '../statistics.ts'

interface Growth {
  /** Of the new figures, before the candidate's id. */
  readonly id: string
  /** Behind the candidate's name. */
  readonly label: string
  readonly row: string
  readonly unit: string
  /** Where a figure lies, if it counts. */
  readonly point: (figure: Figure & { readonly size: number }) => Point | undefined
  readonly fit: (points: readonly Point[]) => number
  /** With fewer points nothing is said. */
  readonly least?: number
}

/** A figure for each candidate that has enough of them. */
export function growth(figures: readonly Figure[], { id, label, row, unit, point, fit, least = 2 }: Growth): Figure[] {
  return CANDIDATES.flatMap((candidate): Figure[] => {
    const points = figures.flatMap((figure) => {
      const at = figure.candidate === candidate.id && figure.size !== undefined ? point({ ...figure, size: figure.size }) : undefined
      return at === undefined ? [] : [at]
    })
    if (points.length < least) return []
    return [{ id: `${id}-${candidate.id}`, label: `${candidate.name}: ${label}`, row, candidate: candidate.id, value: fit(points), unit }]
  })
}
