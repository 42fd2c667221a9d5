/** What the figures of a candidate say together: how its cost grows. */
import { CANDIDATES } from '../candidates/index.ts'
import type { Figure } from '../figures.ts'
import { line, type Point, power } from '../statistics.ts'

export interface Growth {
  /** Of the new figures, before the candidate's id. */
  readonly id: string
  /** Behind the candidate's name. */
  readonly label: string
  readonly row: string
  readonly unit: string
  /** Where a figure lies, if it counts. */
  readonly point: (figure: Figure & { readonly size: number }) => Point | undefined
  readonly fit: (points: readonly Point[]) => Fit
  /** With fewer points nothing is said. */
  readonly least?: number
}

export interface Fit {
  /** What the table says of it. */
  readonly value: number
  /** The cost of so many, or of what is so large, in the unit of the points. */
  readonly at: (size: number) => number
}

/** So much for each, beside what there is anyway. */
export function linear(points: readonly Point[]): Fit {
  const { slope, intercept } = line(points)
  return { value: slope, at: (size) => intercept + slope * size }
}

export function byPower(points: readonly Point[]): Fit {
  const { exponent, factor } = power(points)
  return { value: exponent, at: (size) => factor * size ** exponent }
}

/** Of live plugins, through all numbers of them. KB */
export const MEMORY: Growth = {
  id: 'further',
  label: 'one more',
  row: 'memory of one more',
  unit: 'KB',
  point: ({ size, value }) => [size, size * value],
  fit: linear,
}

/** ms */
export const LOADING: Growth = {
  id: 'growth',
  label: 'time grows as size ^',
  row: 'load, exponent of growth',
  unit: '',
  // Below that, it is what each load costs
  point: ({ size, value }) => (size >= 10_000 ? [size, value] : undefined),
  fit: byPower,
}

/** Of the event loop, beside runaways: what one more of them takes. That there are any at all is another matter. us */
export const LAG: Growth = {
  id: 'growth',
  label: 'lag of one more',
  row: 'lag of one more runaway',
  unit: 'us',
  point: ({ size, value, unit }) => (unit === 'ms' && size > 0 ? [size, value * 1e3] : undefined),
  fit: linear,
  least: 3,
}

export const WORK: Growth = {
  id: 'growth',
  label: 'grows as threads ^',
  row: 'work/s, exponent of growth',
  unit: '',
  point: ({ size, value }) => [size, value],
  fit: byPower,
}

export interface Fitted extends Fit {
  /** Its id. */
  readonly candidate: string
  readonly name: string
  readonly points: readonly Point[]
}

/** Of each candidate that has enough figures that count. */
export function fits(figures: readonly Figure[], { point, fit, least = 2 }: Growth): Fitted[] {
  return CANDIDATES.flatMap(({ id: candidate, name }): Fitted[] => {
    const points = figures.flatMap((figure) => {
      const at = figure.candidate === candidate && figure.size !== undefined ? point({ ...figure, size: figure.size }) : undefined
      return at === undefined ? [] : [at]
    })
    return points.length < least ? [] : [{ candidate, name, points, ...fit(points) }]
  })
}

/** A figure for each of them. */
export function growth(figures: readonly Figure[], how: Growth): Figure[] {
  const { id, label, row, unit } = how
  return fits(figures, how).map(({ candidate, name, value }) => ({ id: `${id}-${candidate}`, label: `${name}: ${label}`, row, candidate, value, unit }))
}
