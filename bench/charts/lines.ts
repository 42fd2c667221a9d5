/** Charts of what grows: dots that were measured, the line that joins them, and the one that is fitted through them. */
import type { Fitted } from '../comparison/growth.ts'
import { ASIDE, type At, type Box, boxOf, free, LINE, type Segment, stacked } from './labels.ts'
import { type Chart, type PlotLibrary, WIDTH } from './plot.ts'
import type { Named } from './report.ts'
import { BELOW, BOTTOM, below, type Domain, decades, extent, logarithmic, plain, TOP } from './scale.ts'
import { faint, hue, PAPER } from './theme.ts'

/** Room for the vertical scale; its name begins below the title. */
const LEFT = 60
const LABEL = LEFT - 16
/** Room for names beside the ends of lines. */
const RIGHT = 174
const HEIGHT = 380
/** Of a dot, and by how much it is larger for each that it lies on, px. */
const RADIUS = 3.5
const RING = 3.5
/** Points of a fitted line. */
const STEPS = 40
/** A fit is drawn from the first size on at which it says what was measured, give or take this factor: a line through large costs may be anything where they are small. */
const NEAR = 2

export interface Lines extends Omit<Chart, 'options'> {
  readonly x: string
  readonly y: string
  readonly unit: string
  /** What is less is drawn here. */
  readonly floor: number
  readonly fits: readonly Fitted[]
  /** From the unit of the fits to that of the figures. */
  readonly scale: number
}

interface Place {
  readonly size: number
  readonly value: number
}

interface Point extends Named, Place {
  readonly size: number
}

/** A line a candidate, with its name where it ends. */
export function lines(figures: readonly Named[], { x, y, unit, floor, fits, scale, notes = [], ...chart }: Lines): Chart {
  const points = figures.map((figure): Point => ({ ...figure, size: figure.size ?? 1, value: Math.max(floor, figure.value) }))
  const sizes = [...new Set(points.map(({ size }) => size))].toSorted((a, b) => a - b)
  const area = new Area([sizes[0] as number, sizes.at(-1) as number], extent(points.map(({ value }) => value)))
  const fitted = fits.flatMap((fit) => curve(fit, scale, area))
  const names = placed(points, fitted, area)
  return {
    ...chart,
    notes: [
      ...notes,
      ...(fitted.length === 0 ? [] : [`dashed: least squares, from the first size at which they come within a factor of ${NEAR}`]),
      ...below(
        figures.some(({ value }) => value < floor),
        floor,
        unit,
      ),
    ],
    options: (plot: PlotLibrary) => ({
      height: HEIGHT,
      marginLeft: LEFT,
      marginRight: RIGHT,
      marginTop: TOP,
      marginBottom: BOTTOM,
      x: { type: 'log', domain: area.sizes, label: x, ...BELOW, ticks: sizes, tickFormat: plain },
      r: { type: 'identity' },
      y: { ...logarithmic(area.values), label: y, labelArrow: 'none', labelOffset: LABEL },
      marks: [
        plot.gridY?.(decades(area.values), { stroke: faint, strokeOpacity: 1 }),
        plot.line?.(points, { ...SIZE_AND_VALUE, z: 'candidate', stroke: hue, strokeWidth: ({ candidate }: Named) => (candidate === 'curfew' ? 3.5 : 1.8) }),
        plot.line?.(fitted, { ...SIZE_AND_VALUE, z: 'candidate', stroke: hue, strokeWidth: 1.8, strokeDasharray: '2 5' }),
        plot.link?.(
          names.filter(({ led }) => led),
          { x1: 'size', y1: 'value', x2: 'beside', y2: 'at', stroke: hue, strokeWidth: 1 },
        ),
        plot.dot?.(points, { ...SIZE_AND_VALUE, r: radii(points, area), fill: hue, stroke: PAPER.light, strokeWidth: 0.8 }),
        plot.text?.(names, {
          x: 'size',
          y: 'at',
          text: 'name',
          dx: ASIDE,
          textAnchor: 'start',
          fill: hue,
          fontWeight: 600,
          stroke: PAPER.light,
          strokeWidth: 5,
        }),
      ],
    }),
  }
}

const SIZE_AND_VALUE = { x: 'size', y: 'value' } as const

/** Between the scales, both of which are logarithmic. */
class Area {
  readonly sizes: Domain
  readonly values: Domain

  constructor([least, most]: Domain, values: Domain) {
    this.sizes = least === most ? extent([least]) : [least, most]
    this.values = values
  }

  at({ size, value }: Place): At {
    return { x: LEFT + (WIDTH - LEFT - RIGHT) * share(size, this.sizes), y: HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share(value, this.values) }
  }

  sizeAt(x: number): number {
    return between((x - LEFT) / (WIDTH - LEFT - RIGHT), this.sizes)
  }

  valueAt(y: number): number {
    return between((HEIGHT - BOTTOM - y) / (HEIGHT - TOP - BOTTOM), this.values)
  }
}

const share = (value: number, [least, most]: Domain) => Math.log(value / least) / Math.log(most / least)
const between = (part: number, [least, most]: Domain) => least * (most / least) ** part

interface Drawn extends Place {
  readonly candidate: string
}

function curve({ candidate, points, at }: Fitted, scale: number, { values: [least, most] }: Area): Drawn[] {
  const near = points.filter(([size, cost]) => at(size) > cost / NEAR && at(size) < cost * NEAR).map(([size]) => size)
  if (near.length === 0) return []
  const sizes: Domain = [Math.min(...near), Math.max(...points.map(([size]) => size))]
  return Array.from({ length: STEPS + 1 }, (_, step) => between(step / STEPS, sizes)).flatMap((size) => {
    const value = at(size) * scale
    return value >= least && value <= most ? [{ candidate, size, value }] : []
  })
}

/** Dots that lie on others are rings around them: all are where they belong, and all can be seen. */
function radii(points: readonly Point[], area: Area): number[] {
  return points.map((point, index) => {
    const { x, y } = area.at(point)
    const on = points.slice(index + 1).filter((other) => Math.abs(area.at(other).y - y) < RADIUS && Math.abs(area.at(other).x - x) < RADIUS)
    return (point.candidate === 'curfew' ? RADIUS + 1.5 : RADIUS) + RING * on.length
  })
}

interface Name extends Point {
  /** Its height, as a value. */
  readonly at: number
  /** Where it begins, as a size. */
  readonly beside: number
  /** Too far away from its dot to be known for its name without a line to it. */
  readonly led: boolean
}

function placed(points: readonly Point[], fitted: readonly Drawn[], area: Area): Name[] {
  const each = [...Map.groupBy(points, ({ candidate }) => candidate).values()]
  const ends = each.map((those) => those.at(-1) as Point).toSorted((a, b) => b.value - a.value)
  const last = Math.max(...points.map(({ size }) => size))
  const place = (end: Point, y: number): Name => {
    const { x, y: own } = area.at(end)
    return { ...end, at: area.valueAt(y), beside: area.sizeAt(x + ASIDE), led: end.size < last && Math.abs(y - own) > LINE / 2 }
  }
  const atEdge = ends.filter(({ size }) => size === last)
  const heights = stacked(
    atEdge.map((end) => area.at(end).y),
    HEIGHT - BOTTOM - LINE / 4,
  )
  const names = atEdge.map((end, index) => place(end, heights[index] as number))
  const joined = [...each, ...Map.groupBy(fitted, ({ candidate }) => candidate).values()]
  const drawn = [...joined.flatMap((those) => segments(those.map((one) => area.at(one)))), ...points.map((point): Segment => [area.at(point), area.at(point)])]
  const taken: Box[] = []
  for (const end of ends) {
    if (end.size === last) continue
    const at = area.at(end)
    const y = free(end.name, at, drawn, taken, { top: 0, bottom: HEIGHT - BOTTOM })
    taken.push(boxOf(end.name, { x: at.x, y }))
    names.push(place(end, y))
  }
  return names
}

const segments = (places: readonly At[]) => places.slice(1).map((to, index): Segment => [places[index] as At, to])
