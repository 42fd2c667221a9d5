import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Heap, type Keyed } from '../../src/guests/heap.ts'

/** Pseudo-random whole numbers below `limit`, the same in each run. */
function numbers(): (limit: number) => number {
  let state = 1
  return (limit) => {
    state = (state * 48_271) % 0x7fff_ffff
    return state % limit
  }
}

function drained(heap: Heap<Keyed>): [number, number][] {
  const order: [number, number][] = []
  for (let first = heap.first; first !== undefined; first = heap.first) {
    order.push([first.key, first.order])
    heap.remove(first)
    assert.equal(first.place, -1)
  }
  return order
}

test('what is added, taken out and given other keys comes out by key, then in the order in which it came', () => {
  const random = numbers()
  for (let round = 0; round < 50; round++) {
    const heap = new Heap<Keyed>()
    const items: Keyed[] = []
    for (let order = 0; order < 200; order++) {
      const item = { key: random(20), order, place: -1 }
      items.push(item)
      heap.add(item)
      if (random(3) === 0) heap.rekey(items[random(items.length)] as Keyed, random(20))
      if (random(4) === 0) heap.remove(items.splice(random(items.length), 1)[0] as Keyed)
    }
    assert.equal(heap.size, items.length)
    const expected = items.sort((a, b) => a.key - b.key || a.order - b.order).map(({ key, order }) => [key, order])
    assert.deepEqual(drained(heap), expected)
  }
})

test('taking the first of ten thousand looks at some of them only', () => {
  let looks = 0
  const heap = new Heap<Keyed>()
  const random = numbers()
  for (let order = 0; order < 10_000; order++) {
    const key = random(1_000_000)
    heap.add({
      get key() {
        looks++
        return key
      },
      order,
      place: -1,
    })
  }
  looks = 0
  for (let taken = 0; taken < 1_000; taken++) heap.remove(heap.first as Keyed)
  assert.ok(looks <= 1_000 * 70, `${looks} looks`)
})
