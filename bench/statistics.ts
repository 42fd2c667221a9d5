/** What to say about many values, and how cost grows with size. */

export interface Spread {
  readonly low: number
  readonly median: number
  readonly high: number
}

/** The quartiles. @throws RangeError for no values */
export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  return { low: quantile(sorted, 0.25), median: quantile(sorted, 0.5), high: quantile(sorted, 0.75) }
}

/** Between the two values that are next to it. @param sorted ascending */
export function quantile(sorted: readonly number[], share: number): number {
  if (sorted.length === 0) throw new RangeError('no values have no quantile')
  const at = share * (sorted.length - 1)
  const [below, above] = [sorted[Math.floor(at)] as number, sorted[Math.ceil(at)] as number]
  return below + (above - below) * (at - Math.floor(at))
}

/** Round by round, so that what disturbs a round disturbs both sides of it. */
export function ratios(values: readonly number[], others: readonly number[]): number[] {
  return values.map((value, round) => value / (others[round] as number))
}

/** A point of something that grows: how large it is, and what it costs. */
export type Point = readonly [size: number, cost: number]

export interface Line {
  readonly intercept: number
  readonly slope: number
}

/** Least squares. @throws RangeError for fewer than two sizes */
export function line(points: readonly Point[]): Line {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const [x, y] = [mean(points.map(([size]) => size)), mean(points.map(([, cost]) => cost))]
  const variance = points.reduce((sum, [size]) => sum + (size - x) ** 2, 0)
  if (points.length < 2 || variance === 0) throw new RangeError('a line needs two sizes')
  const slope = points.reduce((sum, [size, cost]) => sum + (size - x) * (cost - y), 0) / variance
  return { slope, intercept: y - slope * x }
}

/** cost = factor * size ^ exponent, by least squares of the logarithms: 1 for what grows in proportion, 0 for what does not grow. */
export function power(points: readonly Point[]): { readonly exponent: number; readonly factor: number } {
  const { slope, intercept } = line(points.map(([size, cost]) => [Math.log(size), Math.log(cost)]))
  return { exponent: slope, factor: Math.exp(intercept) }
}
