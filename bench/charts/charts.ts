/** The charts of a report: those for which it has figures. */
import type { Chart, PlotLibrary } from './plot.ts'
import { figuresOf, type Named, named, origin, type Report } from './report.ts'
import { colour, faint, text } from './theme.ts'

export function charts(report: Report): Chart[] {
  return [latency, overshoot, lag, memory, load, real].flatMap((chart) => chart(report) ?? [])
}

const LEFT = 170
const ROW = 30
/** Room for names beside the ends of lines. */
const RIGHT = 170
const HEIGHT = 380

function latency(report: Report): Chart | undefined {
  const figures = named(figuresOf(report, 'latency'), 'add-').toSorted((a, b) => a.value - b.value)
  if (figures.length === 0) return undefined
  return {
    name: 'latency',
    title: 'A trivial call with a deadline (log scale; less is better)',
    subtitle: origin(report),
    description: `Microseconds of a trivial call: ${spoken(figures, 'us')}`,
    options: (plot) => ({
      height: figures.length * ROW + 60,
      marginLeft: LEFT,
      marginRight: 70,
      x: { type: 'log', label: 'microseconds', domain: [0.5 * (figures[0] as Named).value, 2 * (figures.at(-1) as Named).value], tickFormat: plain },
      y: { label: null, domain: figures.map(({ name }) => name) },
      marks: [
        plot.gridX?.([], { stroke: faint, strokeOpacity: 1 }),
        plot.ruleY?.(figures, {
          y: 'name',
          x1: ({ spread, value }: Named) => spread?.low ?? value,
          x2: ({ spread, value }: Named) => spread?.high ?? value,
          stroke: hue,
          strokeWidth: 7,
          strokeOpacity: 0.35,
        }),
        plot.dot?.(figures, { y: 'name', x: 'value', r: 6, fill: hue }),
        plot.text?.(figures, { y: 'name', x: 'value', text: ({ value }: Named) => short(value), dx: 12, textAnchor: 'start', fill: text, fontWeight: 600 }),
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
  return {
    name: 'overshoot',
    title: 'How late an endless loop ends that has 50 ms (log scale; less is better)',
    subtitle: `${origin(report)}; each point a stop, the tick the median`,
    description: `Milliseconds from the deadline to the error, median: ${spoken(sorted, 'ms')}`,
    options: (plot) => ({
      height: sorted.length * ROW + 60,
      marginLeft: LEFT,
      marginRight: 70,
      x: { type: 'log', label: 'milliseconds late', tickFormat: plain, nice: true },
      y: { label: null, domain: sorted.map(({ name }) => name) },
      marks: [
        plot.gridX?.([], { stroke: faint, strokeOpacity: 1 }),
        plot.dot?.(points, { y: 'name', x: 'late', r: 3.5, fill: hue, fillOpacity: 0.3 }),
        plot.tickX?.(sorted, { y: 'name', x: ({ value }: Named) => Math.max(ON_TIME, value), stroke: text, strokeWidth: 2.5, inset: 3 }),
        plot.text?.(sorted, {
          y: 'name',
          frameAnchor: 'right',
          text: ({ value }: Named) => `${short(value)} ms`,
          dx: 62,
          textAnchor: 'end',
          fill: text,
          fontWeight: 600,
        }),
      ],
    }),
  }
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
        floor: 0.05,
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
      height: figures.length * 17 + 60,
      marginLeft: 300,
      marginRight: 60,
      x: {
        label: 'guarded / raw',
        grid: false,
        domain: [Math.min(0.9, ...figures.map(({ value }) => value)), Math.max(...figures.map(({ value }) => value)) + 0.02],
        axis: 'both',
      },
      y: { label: null, domain: figures.map(({ label }) => label) },
      marks: [
        plot.gridX?.([], { stroke: faint, strokeOpacity: 1 }),
        plot.ruleX?.([1], { stroke: text }),
        plot.ruleX?.([mean], { stroke: colour('curfew'), strokeDasharray: '4 3' }),
        plot.ruleY?.(figures, { y: 'label', x1: 1, x2: 'value', stroke: colour('curfew'), strokeWidth: 3, strokeOpacity: 0.5 }),
        plot.dot?.(figures, { y: 'label', x: 'value', r: 4.5, fill: colour('curfew') }),
      ],
    }),
  }
}

interface Lines extends Omit<Chart, 'options'> {
  readonly x: string
  readonly y: string
  /** What is less is drawn here. */
  readonly floor: number
}

/** A line a candidate, with its name where it ends. */
function lines(figures: readonly Named[], { x, y, floor, ...chart }: Lines): Chart {
  const points = figures.map((figure) => ({ ...figure, value: Math.max(floor, figure.value) }))
  const sizes = [...new Set(points.map(({ size = 1 }) => size))].toSorted((a, b) => a - b)
  const domain = [Math.min(...points.map(({ value }) => value)) / 1.6, Math.max(...points.map(({ value }) => value)) * 1.6] as const
  const ends = [...Map.groupBy(points, ({ candidate }) => candidate).values()].map((each) => each.at(-1) as Named)
  return {
    ...chart,
    options: (plot: PlotLibrary) => ({
      height: HEIGHT,
      marginLeft: 60,
      marginRight: RIGHT,
      marginTop: 34,
      x: { type: 'log', label: x, ticks: sizes, tickFormat: plain },
      y: { type: 'log', label: y, domain, tickFormat: plain, ticks: 5 },
      marks: [
        plot.gridY?.({ length: 0 } as never, { stroke: faint, strokeOpacity: 1, ticks: 5 }),
        plot.line?.(points, {
          x: 'size',
          y: 'value',
          z: 'candidate',
          stroke: hue,
          strokeWidth: ({ candidate }: Named) => (candidate === 'curfew' ? 3.5 : 1.8),
        }),
        plot.dot?.(points, { x: 'size', y: 'value', r: ({ candidate }: Named) => (candidate === 'curfew' ? 5 : 3.5), fill: hue }),
        plot.text?.(apart(ends, domain), { frameAnchor: 'right', y: 'at', text: 'name', dx: RIGHT - 4, textAnchor: 'end', fill: hue, fontWeight: 600 }),
      ],
    }),
  }
}

/** Lines of text, px, so that no name lies on another. */
const LINE = 17

/** Where the names go: beside the end of their line, or as near to it as others let them. */
function apart(ends: readonly Named[], [least, most]: readonly [number, number]): object[] {
  const height = HEIGHT - 34 - 30
  const pixels = (value: number) => (height * Math.log(most / value)) / Math.log(most / least)
  const sorted = ends.map((end) => ({ ...end, px: pixels(end.value) })).toSorted((a, b) => a.px - b.px)
  for (const [index, end] of sorted.entries()) end.px = Math.max(end.px, index === 0 ? 0 : (sorted[index - 1] as { px: number }).px + LINE)
  for (let index = sorted.length - 1; index >= 0; index--) {
    const end = sorted[index] as { px: number }
    end.px = Math.min(end.px, index === sorted.length - 1 ? height : (sorted[index + 1] as { px: number }).px - LINE)
  }
  return sorted.map((end) => ({ ...end, at: most * (least / most) ** (end.px / height) }))
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
