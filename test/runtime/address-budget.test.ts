import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AddressBudget } from '../../src/runtime/address-budget.ts'

const GiB = 1024 ** 3
const LIMIT = 16_000 * GiB

/** A process that has used so much address space. */
function process(used: number) {
  const state = {
    used,
    /** How often the kernel was asked. */
    asked: 0,
    ask: () => {
      state.asked++
      return { used: state.used, limit: LIMIT }
    },
  }
  return state
}

test('where the kernel does not tell, there is always room', () => {
  const budget = new AddressBudget(undefined)
  assert.equal(budget.take(1e9), undefined)
  assert.equal(budget.usage, undefined)
})

test('without room for memories of 64-bit addresses there is none, and why: a sixteenth is left to others', () => {
  const budget = new AddressBudget(process(15_000 * GiB - 31 * GiB).ask)
  assert.deepEqual(budget.take(2), { used: 14_969 * GiB, limit: 15_000 * GiB, needed: 32 * GiB })
  assert.equal(budget.take(1), undefined)
})

test('the kernel is asked rarely while there is much, and each time when there is little', () => {
  const state = process(0)
  const budget = new AddressBudget(state.ask)
  for (let memory = 0; memory < 800; memory++) {
    assert.equal(budget.take(1), undefined)
    state.used += 16 * GiB
  }
  assert.ok(state.asked < 30, `asked ${state.asked} times`)
  while (budget.take(1) === undefined) state.used += 16 * GiB
  assert.equal(state.used, 14_992 * GiB)
  assert.equal(Math.floor(state.used / (16 * GiB)), 937)
})

test('several threads that share the process stay within its limit together', () => {
  const THREADS = 12
  const state = process(0)
  const budgets = Array.from({ length: THREADS }, () => new AddressBudget(state.ask))
  for (const budget of budgets) budget.share(THREADS)
  for (let round = 0; round < 1_000; round++) for (const budget of budgets) if (budget.take(1) === undefined) state.used += 16 * GiB
  assert.ok(state.used > 14_980 * GiB && state.used <= 15_000 * GiB, `${state.used / GiB} GiB`)
})
