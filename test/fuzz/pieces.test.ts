/** Taking modules apart and putting them together again, and the numbers that all cases are made of. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { caseOf } from './cases.ts'
import { FEATURES } from './features.ts'
import { GENERATORS } from './generators/generate.ts'
import { mutate } from './generators/mutate.ts'
import { ownModule } from './generators/own/module.ts'
import { join, readBodies, split, splitBodies, withBodies } from './pieces.ts'
import { Random } from './random.ts'

test('what is taken apart and put together is the same', () => {
  for (let seed = 0; seed < 50; seed++) {
    const bytes = ownModule(seed, FEATURES)
    assert.deepEqual(join(split(bytes)), bytes)
    assert.deepEqual(withBodies(bytes, readBodies(bytes) ?? []), bytes)
  }
})

test('what cannot be read is kept or refused, and never fails', () => {
  const random = new Random(1)
  for (let seed = 0; seed < 300; seed++) {
    const damaged = mutate(random, ownModule(seed % 20, FEATURES), ownModule(3, FEATURES))
    join(split(damaged))
    readBodies(damaged)
    splitBodies(damaged)
  }
  for (let length = 0; length < 12; length++) assert.deepEqual(split(ownModule(1, FEATURES).subarray(0, length)).list, [])
})

test('random numbers are spread out, and the same for the same seed', () => {
  const random = new Random(7)
  const counts = new Map<number, number>()
  for (let times = 0; times < 10_000; times++) {
    const value = random.below(10)
    counts.set(value, (counts.get(value) ?? 0) + 1)
  }
  for (let value = 0; value < 10; value++) assert.ok(Math.abs((counts.get(value) ?? 0) - 1_000) < 150, `${value}: ${counts.get(value)}`)
  const again = [new Random(7), new Random(7), new Random(8)].map((each) => Array.from({ length: 5 }, () => each.u32()))
  assert.deepEqual(again[0], again[1])
  assert.notDeepEqual(again[0], again[2])
  const ends = Array.from({ length: 1_000 }, () => random.between(3, 5))
  assert.deepEqual([Math.min(...ends), Math.max(...ends)], [3, 5])
  assert.ok(Array.from({ length: 1_000 }, () => random.spread(100)).filter((value) => value < 10).length > 300)
})

test('cases take turns among the generators that are wanted', () => {
  const generators = (only: typeof GENERATORS | readonly ['own']) => new Set(Array.from({ length: 20 }, (_, number) => caseOf(1, number, only).generator))
  assert.deepEqual([...generators(GENERATORS)].sort(), [...GENERATORS].sort())
  assert.deepEqual([...generators(['own'])], ['own'])
  assert.equal(new Set(Array.from({ length: 1_000 }, (_, number) => caseOf(1, number, GENERATORS).seed)).size, 1_000)
})
