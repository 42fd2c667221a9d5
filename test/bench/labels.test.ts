import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ASIDE, type Box, boxOf, free, LINE, type Segment, stacked } from '../../bench/charts/labels.ts'

const INSIDE = { top: 0, bottom: 200 }
const AT = { x: 100, y: 100 }

test('names below one another are where they belong if there is room, and else a line apart, none of them too low', () => {
  assert.deepEqual(stacked([10, 60, 110], 200), [10, 60, 110])
  assert.deepEqual(stacked([10, 12, 13], 200), [10, 10 + LINE, 10 + 2 * LINE])
  assert.deepEqual(stacked([190, 195, 199], 200), [200 - 2 * LINE, 200 - LINE, 200])
  assert.deepEqual(stacked([], 200), [])
})

test('a name is beside its point, unless a line or another name is there: then it is as near as that lets it', () => {
  assert.equal(free('name', AT, [], [], INSIDE), 100)
  const across: Segment = [
    { x: 0, y: 98 },
    { x: 300, y: 98 },
  ]
  const below = free('name', AT, [across], [], INSIDE)
  assert.ok(below > 98 + LINE / 2 && below <= 98 + LINE / 2 + 4, String(below))
  const taken: Box = { left: 0, top: 100, right: 300, bottom: 160 }
  const above = free('name', AT, [across], [taken], INSIDE)
  assert.ok(above < 98 - LINE / 2 && above >= 98 - LINE / 2 - 4, String(above))
})

test('lines and names that are elsewhere do not matter, however steep they are', () => {
  const { left, right, top, bottom } = boxOf('name', AT)
  const elsewhere: readonly Segment[] = [
    [
      { x: right + 1, y: 0 },
      { x: right + 1, y: 200 },
    ],
    [
      { x: 0, y: top - 1 },
      { x: 300, y: top - 1 },
    ],
    // Its ends are beyond two sides of the name, and it passes a corner
    [
      { x: left - 20, y: bottom - 1 },
      { x: left + 1, y: bottom + 30 },
    ],
    [
      { x: left - 2, y: AT.y },
      { x: left - 2, y: AT.y },
    ],
  ]
  for (const line of elsewhere) assert.equal(free('name', AT, [line], [], INSIDE), 100)
  assert.equal(free('name', AT, [], [{ left: right, top, right: 300, bottom }], INSIDE), 100)
  const dot: Segment = [
    { x: 100 + ASIDE + 5, y: 100 },
    { x: 100 + ASIDE + 5, y: 100 },
  ]
  assert.notEqual(free('name', AT, [dot], [], INSIDE), 100)
})

test('a name stays inside, and is where it belongs if it lies on something everywhere', () => {
  const at = { x: 100, y: 5 }
  assert.ok(free('name', at, [], [], INSIDE) >= LINE / 2)
  assert.equal(free('name', AT, [], [{ left: 0, top: 0, right: 300, bottom: 200 }], INSIDE), 100)
})
