/** Scales, and how numbers are written on them. */

/** px */
export const TOP = 34
export const BOTTOM = 52
/** Of a horizontal scale's name. */
export const BELOW = { labelAnchor: 'center', labelArrow: 'none', labelOffset: 42 }
/** Of a logarithmic scale, beyond what is drawn. */
const ROOM = 1.6

export type Domain = readonly [least: number, most: number]

/** With some room beside the outermost. */
export function extent(values: readonly number[]): Domain {
  return [Math.min(...values) / ROOM, Math.max(...values) * ROOM]
}

/** Powers of ten between these. */
export function decades([least, most]: Domain): number[] {
  const ticks: number[] = []
  for (let power = Math.ceil(Math.log10(least)); power <= Math.log10(most); power++) ticks.push(10 ** power)
  return ticks
}

export function logarithmic(domain: Domain): object {
  return { type: 'log', domain, ticks: decades(domain), tickFormat: plain }
}

/** 0.001, 0.1, 10, 1,000: no exponents. */
export function plain(value: number): string {
  return value.toLocaleString('en', { maximumSignificantDigits: 3, maximumFractionDigits: 6 })
}

export function short(value: number): string {
  return value.toLocaleString('en', { maximumSignificantDigits: value < 1 ? 2 : 3 })
}

/** What is said of values that are too small for the scale. */
export function below(some: boolean, least: number, unit: string): string[] {
  return some ? [`what is below ${least} ${unit} is drawn there`] : []
}
