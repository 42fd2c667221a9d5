import assert from 'node:assert/strict'
import { test } from 'node:test'
import { line, power, quantile, ratios, spread } from '../../bench/statistics.ts'

test('a spread is the quartiles, whatever the order of the values', () => {
  assert.deepEqual(spread([5, 1, 4, 2, 3]), { low: 2, median: 3, high: 4 })
  assert.deepEqual(spread([10, 20]), { low: 12.5, median: 15, high: 17.5 })
  assert.deepEqual(spread([7]), { low: 7, median: 7, high: 7 })
  assert.throws(() => spread([]), RangeError)
})

test('a quantile lies between its neighbours in proportion', () => {
  assert.equal(quantile([0, 10, 20, 30], 0), 0)
  assert.equal(quantile([0, 10, 20, 30], 1), 30)
  assert.equal(quantile([0, 10, 20, 30], 0.5), 15)
  assert.equal(quantile([0, 10, 20, 30], 0.9), 27)
})

test('ratios are of the same round, so that a slow machine cancels out', () => {
  assert.deepEqual(ratios([10, 40, 30], [5, 20, 15]), [2, 2, 2])
})

test('a line goes through its points, and between those that are on none', () => {
  assert.deepEqual(
    line([
      [1, 5],
      [2, 7],
      [4, 11],
    ]),
    { slope: 2, intercept: 3 },
  )
  const { slope, intercept } = line([
    [0, 0],
    [1, 2],
    [2, 1],
  ])
  assert.ok(Math.abs(slope - 0.5) < 1e-12)
  assert.ok(Math.abs(intercept - 0.5) < 1e-12)
})

test('one size makes no line', () => {
  assert.throws(() => line([[1, 5]]), RangeError)
  assert.throws(
    () =>
      line([
        [3, 5],
        [3, 6],
      ]),
    RangeError,
  )
})

test('a power law has its exponent and factor found: proportional is 1, constant is 0', () => {
  const points = (cost: (size: number) => number) => [1, 10, 100, 1_000].map((size) => [size, cost(size)] as const)
  const close = (actual: number, expected: number) => assert.ok(Math.abs(actual - expected) < 1e-9, `${actual}, not ${expected}`)
  close(power(points((size) => 3 * size)).exponent, 1)
  close(power(points((size) => 3 * size)).factor, 3)
  close(power(points(() => 8)).exponent, 0)
  close(power(points((size) => 5 * size ** 1.5)).exponent, 1.5)
})
