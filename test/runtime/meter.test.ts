import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MAX_CREDIT, STOP, UNITS_PER_MS, YIELD } from '../../src/abi.ts'
import { type Limits, meter, paceOf } from '../../src/runtime/meter.ts'

const NEVER = Number.POSITIVE_INFINITY
const LEAST = UNITS_PER_MS / 200
const limits = (deadline: number, cpuEnd: number, sliceEnd: number): Limits => ({ deadline, cpuEnd, sliceEnd })

// biome-ignore format: one case a line
const POLICY: readonly (readonly [string, number, Limits, number])[] = [
  ['no limit at all grants the most',                        5,      limits(NEVER, NEVER, NEVER), MAX_CREDIT],
  ['far from every limit grants the most',                   5,      limits(100, 100, 100),       MAX_CREDIT],
  ['exactly so far that the most fits',                      5,      limits(5.5, NEVER, NEVER),   MAX_CREDIT],
  ['near the deadline grants what is left of the time',      5,      limits(5.25, NEVER, NEVER),  UNITS_PER_MS / 4],
  ['near the end of the CPU time, the same',                 5,      limits(NEVER, 5.25, NEVER),  UNITS_PER_MS / 4],
  ['near the end of the slice, the same',                    5,      limits(NEVER, NEVER, 5.25),  UNITS_PER_MS / 4],
  ['the earliest limit counts',                              5,      limits(5.4, 5.25, 5.125),    UNITS_PER_MS / 8],
  ['whole units only',                                       0,      limits(1 / 3, NEVER, NEVER), Math.floor(UNITS_PER_MS / 3)],
  ['hardly any time left grants the least that pays',        5,      limits(5.0001, NEVER, NEVER), LEAST],
  ['the slice used up yields',                               5,      limits(NEVER, NEVER, 5),     YIELD],
  ['the slice over long ago yields',                         5,      limits(NEVER, NEVER, 1),     YIELD],
  ['a deadline reached stops, on the dot',                   5,      limits(5, NEVER, NEVER),     STOP],
  ['a deadline passed stops',                                5,      limits(4, NEVER, NEVER),     STOP],
  ['CPU time used up stops',                                 5,      limits(NEVER, 5, NEVER),     STOP],
  ['stopping comes before yielding',                         5,      limits(5, NEVER, 5),         STOP],
  ['a budget of nothing stops at once',                      0,      limits(0, NEVER, 1),         STOP],
  ['a slice that never ends, with a deadline, does not yield', 5,    limits(6, NEVER, NEVER),     MAX_CREDIT],
]

for (const [claim, now, given, verdict] of POLICY) {
  test(`meter: ${claim}`, () => assert.equal(meter(now, given, 1), verdict))
}

test('meter: a grant is a whole positive number that a guest can count down, whatever the limits', () => {
  for (let left = 0.000_001; left < 1_000_000; left *= 1.7) {
    for (const pace of [1, 1.3, 8]) {
      const granted = meter(1_000, limits(1_000 + left, NEVER, NEVER), pace)
      assert.ok(Number.isInteger(granted) && granted >= LEAST && granted <= MAX_CREDIT / pace, `${granted} for ${left} ms at ${pace}`)
    }
  }
})

test('meter: a guest four times slower than its weights gets a quarter of the credit', () => {
  const pace = paceOf(1, 4 * (0.5 + 0.05), MAX_CREDIT)
  assert.equal(pace, 4)
  assert.equal(meter(5, limits(NEVER, NEVER, NEVER), pace), MAX_CREDIT / 4)
})

test('meter: nothing that a guest does makes a grant larger than its weights allow', () => {
  for (const took of [0, 0.000_1, 0.1, 0.5, 1, 1e9]) {
    for (const before of [1, 2, 8]) {
      const pace = paceOf(before, took, MAX_CREDIT)
      assert.ok(pace >= 1 && pace <= 8, `${pace} after ${before} and ${took} ms`)
    }
  }
})

test('meter: a pace that was found is kept for a while, and forgotten as the guest runs faster', () => {
  assert.equal(paceOf(8, 0, MAX_CREDIT), 8)
  let pace = 8
  for (let ran = 0; ran < 10; ran += 0.25) {
    const next = paceOf(pace, 0.25, MAX_CREDIT)
    assert.ok(next < pace)
    pace = next
  }
  assert.ok(pace < 1.01, String(pace))
})
