/** Where names go so that they lie on nothing. All of it in px, from the upper left. */

export interface At {
  readonly x: number
  readonly y: number
}

export interface Box {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

/** Between two points. */
export type Segment = readonly [from: At, to: At]

/** Of a line of text. */
export const LINE = 17
/** Of a letter, on average, bold. */
const LETTER = 8.2
/** From a dot to its name. */
export const ASIDE = 13

/** Of a name that begins beside a point. */
export function boxOf(name: string, { x, y }: At): Box {
  return { left: x + ASIDE - 3, top: y - LINE / 2, right: x + ASIDE + name.length * LETTER, bottom: y + LINE / 2 }
}

/** Below one another, each as near to its place as the others let it. @param places ascending @param bottom below which none is to go */
export function stacked(places: readonly number[], bottom: number): number[] {
  const placed = [...places]
  for (let index = 1; index < placed.length; index++) placed[index] = Math.max(placed[index] as number, (placed[index - 1] as number) + LINE)
  for (let index = placed.length - 1, limit = bottom; index >= 0; index--, limit = (placed[index + 1] as number) - LINE) {
    placed[index] = Math.min(placed[index] as number, limit)
  }
  return placed
}

/** The nearest height at which a name beside a point lies on no line and on no other name; that of the point, if there is none. @param inside where it has to be */
export function free(name: string, at: At, lines: readonly Segment[], taken: readonly Box[], inside: Pick<Box, 'top' | 'bottom'>): number {
  for (let away = 0; away < inside.bottom - inside.top; away += 2) {
    for (const y of [at.y - away, at.y + away]) {
      const box = boxOf(name, { x: at.x, y })
      if (box.top < inside.top || box.bottom > inside.bottom) continue
      if (!taken.some((other) => overlap(box, other)) && !lines.some((line) => crosses(line, box))) return y
    }
  }
  return at.y
}

function overlap(one: Box, other: Box): boolean {
  return one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom
}

/** Does it come into the box? */
function crosses([from, to]: Segment, { left, top, right, bottom }: Box): boolean {
  // The part of it that is within each pair of sides
  let [first, last] = [0, 1]
  for (const [start, way, least, most] of [
    [from.x, to.x - from.x, left, right],
    [from.y, to.y - from.y, top, bottom],
  ] as const) {
    if (way === 0) {
      if (start < least || start > most) return false
      continue
    }
    const [enters, leaves] = [(least - start) / way, (most - start) / way].toSorted((a, b) => a - b) as [number, number]
    first = Math.max(first, enters)
    last = Math.min(last, leaves)
  }
  return first <= last
}
