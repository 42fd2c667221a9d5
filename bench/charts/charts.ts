/** The charts of a report: those for which it has figures. */
import { CANDIDATES } from '../candidates/index.ts'
import { longer } from '../comparison/contenders.ts'
import type { Chart, PlotLibrary } from './plot.ts'
import { figuresOf, type Named, named, origin, type Report } from './report.ts'
import { colour, faint, PAPER, text } from './theme.ts'

export function charts(report: Report): Chart[] {
  return [latency, overshoot, lag, memory, load, real].flatMap((chart) => chart(report) ?? [])
}

const LEFT = 170
const ROW = 30
/** Room for values at the right edge. */
const MARGIN = 84
/** Room for the scale of lines; its name begins below the title. */
const LEFT_OF_LINES = 60
const LABEL = LEFT_OF_LINES - 16
/** Room for names beside the ends of lines. */
const RIGHT = 170
const HEIGHT = 380
/** Of a logarithmic scale, beyond what is drawn. */
const ROOM = 1.6
const TOP = 34
const BOTTOM = 52
/** Of a horizontal scale's name. */
const BELOW = { labelAnchor: 'center', labelArrow: 'none', labelOffset: 42 }

function latency(report: Report): Chart | undefined {
  const figures = named(figuresOf(report, 'latency'), 'add-').toSorted((a, b) => a.value - b.value)
  if (figures.length === 0) return undefined
  const domain = extent(figures.flatMap(({ spread, value }) => [spread?.low ?? value, spread?.high ?? value]))
  return {
    name: 'latency',
    title: 'A trivial call with a deadline (log scale; less is better)',
    subtitle: origin(report),
    description: `Microseconds of a trivial call: ${spoken(figures, 'us')}`,
    options: (plot) => ({
      height: figures.length * ROW + 76,
      marginLeft: LEFT,
      marginRight: MARGIN,
      marginBottom: BOTTOM,
      x: { ...logarithmic(domain), label: 'microseconds', ...BELOW },
      y: { label: null, domain: figures.map(({ name }) => name) },
      marks: [
        plot.gridX?.(decades(domain), { stroke: faint, strokeOpacity: 1 }),
        plot.ruleY?.(figures, {
          y: 'name',
          x1: ({ spread, value }: Named) => spread?.low ?? value,
          x2: ({ spread, value }: Named) => spread?.high ?? value,
          stroke: hue,
          strokeWidth: 7,
          strokeOpacity: 0.35,
        }),
        plot.dot?.(figures, { y: 'name', x: 'value', r: 6, fill: hue }),
        values(plot, figures, 'us'),
      ],
    }),
  }
}

/** Below this a stop is as good as on time, ms: a timer may even be early. */
const ON_TIME = 0.02

function overshoot(report: Report): Chart | undefined {
  const figures = named(figuresOf(report, 'deadline'), 'late-').filter(({ distribution }) => distribution !== undefined)
  if (figures.length === 0) return undefined
  const sorted = figures.toSorted((a, b) => a.value - b.value)
  const points = sorted.flatMap(({ name, candidate, distribution = [] }) => distribution.map((late) => ({ name, candidate, late: Math.max(ON_TIME, late) })))
  const domain = extent(points.map(({ late }) => late))
  const early = figures.some(({ distribution = [] }) => distribution.some((late) => late < ON_TIME))
  return {
    name: 'overshoot',
    title: 'How late an endless loop ends that has 50 ms (log scale; less is better)',
    subtitle: `${origin(report)}; each point a stop, the tick the median`,
    description: `Milliseconds from the deadline to the error, median: ${spoken(sorted, 'ms')}`,
    options: (plot) => ({
      height: sorted.length * ROW + 76,
      marginLeft: LEFT,
      marginRight: MARGIN,
      marginBottom: BOTTOM,
      x: { ...logarithmic(domain), label: `milliseconds late${below(early, ON_TIME, 'ms')}${others(sorted)}`, ...BELOW },
      y: { label: null, domain: sorted.map(({ name }) => name) },
      marks: [
        plot.gridX?.(decades(domain), { stroke: faint, strokeOpacity: 1 }),
        plot.dot?.(points, { y: 'name', x: 'late', r: 3.5, fill: hue, fillOpacity: 0.45 }),
        plot.tickX?.(sorted, { y: 'name', x: ({ value }: Named) => Math.max(ON_TIME, value), stroke: text, strokeWidth: 2.5, inset: 3 }),
        values(plot, sorted, 'ms'),
      ],
    }),
  }
}

/** The deadline that was asked for, ms. */
const DEADLINE = 50

/** Who has had another one. */
function others(figures: readonly Named[]): string {
  const said = longer(
    CANDIDATES.filter(({ id }) => figures.some(({ candidate }) => candidate === id)),
    DEADLINE,
  )
  return said === undefined ? '' : `; ${said}`
}

function lag(report: Report): Chart | undefined {
  const figures = named(figuresOf(report, 'runaways'), 'lag-').filter(({ size = 0, value }) => size > 0 && value > 0)
  return figures.length === 0
    ? undefined
    : lines(figures, {
        name: 'lag',
        title: 'Event-loop lag beside endless loops, 99th percentile (log scales; less is better)',
        subtitle: origin(report),
        description: `Milliseconds of lag beside endless loops: ${spokenSizes(figures, 'ms')}`,
        x: 'endless loops at once',
        y: 'milliseconds',
        unit: 'ms',
        floor: 0.01,
      })
}

function memory(report: Report): Chart | undefined {
  const figures = named(figuresOf(report, 'density'), 'each-').map((figure) => ({ ...figure, value: (figure.value * (figure.size ?? 1)) / 1e3 }))
  return figures.length === 0
    ? undefined
    : lines(figures, {
        name: 'memory',
        title: 'Memory of live plugins (log scales; less is better)',
        subtitle: origin(report),
        description: `Megabytes held by live plugins: ${spokenSizes(figures, 'MB')}`,
        x: 'live plugins',
        y: 'megabytes, all together',
        unit: 'MB',
        floor: 0.1,
      })
}

function load(report: Report): Chart | undefined {
  const figures = named(figuresOf(report, 'loading'), 'load-').filter(({ size }) => size !== undefined)
  return figures.length === 0
    ? undefined
    : lines(figures, {
        name: 'load',
        title: 'Loading a module: from bytes to an instance (log scales; less is better)',
        subtitle: origin(report),
        description: `Milliseconds to load a module: ${spokenSizes(figures, 'ms')}`,
        x: 'bytes of the module',
        y: 'milliseconds',
        unit: 'ms',
        floor: 0.01,
      })
}

function real(report: Report): Chart | undefined {
  const summary = ['mean', 'worst', 'fuel-mean']
  const figures = figuresOf(report, 'real')
    .filter(({ id }) => !summary.includes(id))
    .toSorted((a, b) => b.value - a.value)
  const mean = figuresOf(report, 'real').find(({ id }) => id === 'mean')?.value
  if (figures.length === 0 || mean === undefined) return undefined
  return {
    name: 'real',
    title: 'Real modules, guarded: how many times as long as in V8 alone',
    subtitle: `${origin(report)}; geometric mean ${mean.toFixed(2)}`,
    description: `Guarded to raw, ${figures.length} real modules: geometric mean ${mean.toFixed(2)}, worst ${figures[0]?.value.toFixed(2)}`,
    options: (plot) => ({
      height: figures.length * 17 + 82,
      marginBottom: BOTTOM,
      marginLeft: LEFT,
      marginRight: 60,
      x: {
        label: 'guarded / raw',
        ...BELOW,
        grid: false,
        domain: [Math.min(0.9, ...figures.map(({ value }) => value)), Math.max(...figures.map(({ value }) => value)) + 0.02],
        axis: 'both',
      },
      y: { label: null, domain: figures.map(({ id }) => id) },
      marks: [
        plot.ruleX?.([1], { stroke: text }),
        plot.ruleX?.([mean], { stroke: colour('curfew'), strokeDasharray: '4 3' }),
        plot.ruleY?.(figures, { y: 'id', x1: 1, x2: 'value', stroke: colour('curfew'), strokeWidth: 3, strokeOpacity: 0.5 }),
        plot.dot?.(figures, { y: 'id', x: 'value', r: 4.5, fill: colour('curfew') }),
      ],
    }),
  }
}

interface Lines extends Omit<Chart, 'options'> {
  readonly x: string
  readonly y: string
  readonly unit: string
  /** What is less is drawn here. */
  readonly floor: number
}

/** A line a candidate, with its name where it ends. */
function lines(figures: readonly Named[], { x, y, unit, floor, subtitle, ...chart }: Lines): Chart {
  const points = figures.map((figure) => ({ ...figure, value: Math.max(floor, figure.value) }))
  const sizes = [...new Set(points.map(({ size = 1 }) => size))].toSorted((a, b) => a - b)
  const domain = extent(points.map(({ value }) => value))
  const ends = [...Map.groupBy(points, ({ candidate }) => candidate).values()].map((each) => each.at(-1) as Named)
  const labels = [...Map.groupBy(ends, ({ size }) => size).values()].flatMap((each) => apart(each, domain, each[0]?.size === sizes.at(-1) ? 0 : ABOVE))
  return {
    ...chart,
    subtitle:
      subtitle +
      below(
        figures.some(({ value }) => value < floor),
        floor,
        unit,
      ),
    options: (plot: PlotLibrary) => ({
      height: HEIGHT,
      marginLeft: LEFT_OF_LINES,
      marginRight: RIGHT,
      marginTop: TOP,
      marginBottom: BOTTOM,
      x: { type: 'log', label: x, ...BELOW, ticks: sizes, tickFormat: plain },
      y: { ...logarithmic(domain), label: y, labelArrow: 'none', labelOffset: LABEL },
      marks: [
        plot.gridY?.(decades(domain), { stroke: faint, strokeOpacity: 1 }),
        plot.line?.(points, {
          x: 'size',
          y: 'value',
          z: 'candidate',
          stroke: hue,
          strokeWidth: ({ candidate }: Named) => (candidate === 'curfew' ? 3.5 : 1.8),
        }),
        plot.dot?.(points, { x: 'size', y: 'value', r: ({ candidate }: Named) => (candidate === 'curfew' ? 5 : 3.5), fill: hue }),
        plot.text?.(labels, { x: 'size', y: 'at', text: 'name', dx: 10, textAnchor: 'start', fill: hue, fontWeight: 600, stroke: PAPER.light, strokeWidth: 5 }),
      ],
    }),
  }
}

/** What is said of values that are too small for the scale. */
function below(some: boolean, least: number, unit: string): string {
  return some ? `; what is below ${least} ${unit} is drawn there` : ''
}

/** Lines of text, px, so that no name lies on another. */
const LINE = 17
/** Names of lines that end before others do: not on those. */
const ABOVE = 14

/** Where the names go: beside the end of their line, or as near to it as others let them. */
function apart(ends: readonly Named[], [least, most]: readonly [number, number], above: number): object[] {
  const height = HEIGHT - TOP - BOTTOM
  const pixels = (value: number) => (height * Math.log(most / value)) / Math.log(most / least)
  const sorted = ends.map((end) => ({ ...end, px: pixels(end.value) - above })).toSorted((a, b) => a.px - b.px)
  for (const [index, end] of sorted.entries()) end.px = Math.max(end.px, index === 0 ? -above : (sorted[index - 1] as { px: number }).px + LINE)
  for (let index = sorted.length - 1; index >= 0; index--) {
    const end = sorted[index] as { px: number }
    end.px = Math.min(end.px, index === sorted.length - 1 ? height - above : (sorted[index + 1] as { px: number }).px - LINE)
  }
  return sorted.map((end) => ({ ...end, at: most * (least / most) ** (end.px / height) }))
}

/** At the right edge, a line each. */
function values(plot: PlotLibrary, figures: readonly Named[], unit: string): unknown {
  const label = ({ value }: Named) => `${short(value)} ${unit}`
  return plot.text?.(figures, { y: 'name', frameAnchor: 'right', text: label, dx: MARGIN - 8, textAnchor: 'end', fill: text, fontWeight: 600 })
}

/** With some room beside the outermost. */
function extent(values: readonly number[]): readonly [number, number] {
  return [Math.min(...values) / ROOM, Math.max(...values) * ROOM]
}

/** Powers of ten between these. */
function decades([least, most]: readonly [number, number]): number[] {
  const ticks: number[] = []
  for (let power = Math.ceil(Math.log10(least)); power <= Math.log10(most); power++) ticks.push(10 ** power)
  return ticks
}

function logarithmic(domain: readonly [number, number]): object {
  return { type: 'log', domain, ticks: decades(domain), tickFormat: plain }
}

const hue = ({ candidate }: { candidate: string }) => colour(candidate)

/** 0.001, 0.1, 10, 1,000: no exponents. */
function plain(value: number): string {
  return value.toLocaleString('en', { maximumSignificantDigits: 3, maximumFractionDigits: 6 })
}

function short(value: number): string {
  return value.toLocaleString('en', { maximumSignificantDigits: value < 1 ? 2 : 3 })
}

function spoken(figures: readonly Named[], unit: string): string {
  return figures.map(({ name, value }) => `${name} ${short(value)} ${unit}`).join(', ')
}

function spokenSizes(figures: readonly Named[], unit: string): string {
  return figures.map(({ name, size = 0, value }) => `${name} ${short(value)} ${unit} with ${plain(size)}`).join(', ')
}
