/** The charts of a report: those for which it has figures. */
import { CANDIDATES } from '../candidates/index.ts'
import { longer } from '../comparison/contenders.ts'
import { fits, LAG, LOADING, MEMORY } from '../comparison/growth.ts'
import { lines } from './lines.ts'
import type { Chart, PlotLibrary } from './plot.ts'
import { failed, figuresOf, type Named, named, origin, type Report } from './report.ts'
import { BELOW, BOTTOM, below, decades, extent, logarithmic, plain, short } from './scale.ts'
import { colour, faint, hue, text } from './theme.ts'

export function charts(report: Report): Chart[] {
  return [latency, overshoot, lag, memory, load, real].flatMap((chart) => chart(report) ?? [])
}

const LEFT = 170
const ROW = 30
/** Room for values at the right edge. */
const MARGIN = 84
function latency(report: Report): Chart | undefined {
  const figures = named(figuresOf(report, 'latency'), 'add-').toSorted((a, b) => a.value - b.value)
  if (figures.length === 0) return undefined
  const domain = extent(figures.flatMap(({ spread, value }) => [spread?.low ?? value, spread?.high ?? value]))
  return {
    name: 'latency',
    title: 'A trivial call with a deadline (log scale; less is better)',
    subtitle: origin(report),
    notes: failed(report, 'latency', figures),
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
    subtitle: origin(report),
    notes: ['each point a stop, the tick the median', ...below(early, ON_TIME, 'ms'), ...others(sorted), ...failed(report, 'deadline', sorted)],
    description: `Milliseconds from the deadline to the error, median: ${spoken(sorted, 'ms')}`,
    options: (plot) => ({
      height: sorted.length * ROW + 76,
      marginLeft: LEFT,
      marginRight: MARGIN,
      marginBottom: BOTTOM,
      x: { ...logarithmic(domain), label: 'milliseconds late', ...BELOW },
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
function others(figures: readonly Named[]): string[] {
  const said = longer(
    CANDIDATES.filter(({ id }) => figures.some(({ candidate }) => candidate === id)),
    DEADLINE,
  )
  return said === undefined ? [] : [said]
}

function lag(report: Report): Chart | undefined {
  const figures = named(figuresOf(report, 'runaways'), 'lag-').filter(({ size = 0, value }) => size > 0 && value > 0)
  return figures.length === 0
    ? undefined
    : lines(figures, {
        name: 'lag',
        title: 'Event-loop lag beside endless loops, 99th percentile (log scales; less is better)',
        subtitle: origin(report),
        notes: failed(report, 'runaways', figures),
        fits: fits(figuresOf(report, 'runaways'), LAG),
        scale: 1e-3,
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
        notes: failed(report, 'density', figures),
        fits: fits(figuresOf(report, 'density'), MEMORY),
        scale: 1e-3,
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
        notes: failed(report, 'loading', figures),
        fits: fits(figuresOf(report, 'loading'), LOADING),
        scale: 1,
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

/** At the right edge, a line each. */
function values(plot: PlotLibrary, figures: readonly Named[], unit: string): unknown {
  const label = ({ value }: Named) => `${short(value)} ${unit}`
  return plot.text?.(figures, { y: 'name', frameAnchor: 'right', text: label, dx: MARGIN - 8, textAnchor: 'end', fill: text, fontWeight: 600 })
}

function spoken(figures: readonly Named[], unit: string): string {
  return figures.map(({ name, value }) => `${name} ${short(value)} ${unit}`).join(', ')
}

function spokenSizes(figures: readonly Named[], unit: string): string {
  return figures.map(({ name, size = 0, value }) => `${name} ${short(value)} ${unit} with ${plain(size)}`).join(', ')
}
