import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MappingBudget } from '../../src/runtime/mapping-budget.ts'
import { withFakeClock } from '../support/fake-clock.ts'

const LIMIT = 8_000
/** What a guest may have the process take: an eighth is reserved. */
const ALLOWED = 7_000

/** A process that has so many mappings that are not ours. */
function process(others: number) {
  const state = {
    limit: LIMIT,
    taken: others,
    /** How often the kernel was asked. */
    counts: 0,
    count: () => {
      state.counts++
      return state.taken
    },
  }
  return state
}

test('where there is no limit, there is always room and nothing to tell', () => {
  const budget = new MappingBudget(undefined)
  budget.take(1e9)
  assert.ok(budget.has(1e9))
  assert.equal(budget.usage, undefined)
})

test('what others have is counted from the first mapping on', () => {
  const budget = new MappingBudget(process(6_990))
  budget.take(2)
  assert.equal(budget.has(11), false)
  assert.ok(budget.has(10))
  assert.deepEqual(budget.usage, { used: 6_990, limit: ALLOWED })
})

test('where each takes what it is reckoned at, an eighth is left when there is no room', () =>
  withFakeClock(() => {
    const state = process(100)
    const budget = new MappingBudget(state)
    while (budget.has(2)) {
      state.taken += 2
      budget.take(2)
    }
    assert.ok(state.taken > ALLOWED - 4 && state.taken <= ALLOWED, `${state.taken} of ${LIMIT}`)
    assert.ok(state.counts <= 20, `the kernel was asked ${state.counts} times`)
  }))

test('what was reckoned too high is corrected when it seems to be full', () =>
  withFakeClock((clock) => {
    const state = process(100)
    const budget = new MappingBudget(state)
    for (let stack = 0; stack < 20_000; stack++) {
      if (!budget.has(2)) clock.advance(1_000)
      assert.ok(budget.has(2), `${state.taken} of ${LIMIT}`)
      if (stack % 10 === 0) state.taken++
      budget.take(2)
    }
  }))

test('while it is full, the kernel is asked every 100 ms', () =>
  withFakeClock((clock) => {
    const state = process(7_500)
    const budget = new MappingBudget(state)
    budget.take(2)
    const { counts } = state
    for (let ms = 0; ms < 1_000; ms++) {
      clock.advance(1)
      assert.equal(budget.has(2), false)
    }
    assert.equal(state.counts - counts, 10)
    state.taken = 3_000
    clock.advance(100)
    assert.ok(budget.has(2))
  }))

/** Kinds that are all reckoned at 2, and take 0 to 2: whatever comes and goes, the limit is kept. */
test('no order of taking and giving back has more taken than is allowed, however much of it was reckoned too high', () =>
  withFakeClock((clock) => {
    let seed = 7
    const random = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
      return seed % below
    }
    const state = process(200)
    const budget = new MappingBudget(state)
    const held: number[] = []
    let most = 0
    for (let step = 0; step < 200_000; step++) {
      // For a while one kind is favoured, and another given back
      const kind = Math.floor(step / 20_000) % 3
      if (random(100) < 60) {
        if (!budget.has(2)) {
          clock.advance(50)
          continue
        }
        const real = random(3) === 0 ? kind : random(3)
        held.push(real)
        state.taken += real
        budget.take(2)
      } else if (held.length > 0) {
        const [real] = held.splice(random(held.length), 1) as [number]
        state.taken -= real
        budget.give(2)
      }
      most = Math.max(most, state.taken)
    }
    assert.ok(most > ALLOWED - 200, `never full: ${most}`)
    assert.ok(most <= ALLOWED, `${most} of ${ALLOWED}`)
  }))

test('several threads that share the process stay within its limit together', () =>
  withFakeClock((clock) => {
    const THREADS = 8
    const state = process(200)
    const budgets = Array.from({ length: THREADS }, () => new MappingBudget(state))
    for (const budget of budgets) budget.share(THREADS)
    for (let round = 0; round < 10_000; round++) {
      clock.advance(1)
      for (const budget of budgets) {
        if (!budget.has(2)) continue
        state.taken += 2
        budget.take(2)
      }
    }
    assert.ok(state.taken > ALLOWED - 100 && state.taken <= LIMIT - LIMIT / 16, `${state.taken} of ${LIMIT}`)
  }))
