/** Accounts, on a fake clock. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Account, HALF_LIFE } from '../../src/runtime/account.ts'
import { usedOfTurn } from '../../src/runtime/turn.ts'
import { withFakeClock } from '../support/fake-clock.ts'
import { nextTurn } from '../support/host.ts'

function near(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) <= 1e-6 * Math.max(1, expected), `${actual} in place of ${expected}`)
}

test('half of what was used is forgotten in a half-life, counted from the turn in which it was used', async () => {
  await withFakeClock(async (clock) => {
    const account = new Account(1)
    assert.equal(account.used(clock.time), 0)
    account.charge(8)
    await nextTurn()
    clock.advance(HALF_LIFE)
    near(account.used(clock.time), 4)
    account.charge(8)
    near(account.used(clock.time), 12)
    clock.advance(2 * HALF_LIFE)
    near(account.used(clock.time), 3)
  })
})

test('what is charged counts for the turn as well', async () => {
  await nextTurn()
  const before = usedOfTurn()
  new Account(5).charge(0.25)
  near(usedOfTurn() - before, 0.25)
  await nextTurn()
})

test('ranks are in the order of what was used per weight, also much later', async () => {
  await withFakeClock(async (clock) => {
    const [light, heavy, unused] = [new Account(1), new Account(4), new Account(1)]
    light.charge(2)
    heavy.charge(7)
    const order = () => unused.rank < heavy.rank && heavy.rank < light.rank
    assert.ok(order())
    clock.advance(10_000 * HALF_LIFE)
    assert.ok(order())
    light.charge(1e-6)
    assert.ok(order())
    heavy.charge(5e-6)
    assert.ok(light.rank < heavy.rank)
  })
})

test('an account is under its share while it has used less than that of all who wait to run, by weight', async () => {
  await withFakeClock(async (clock) => {
    const all = HALF_LIFE / Math.LN2
    const [account, other] = [new Account(1), new Account(3)]
    account.charge(all * 0.2)
    assert.ok(account.isUnderShare(clock.time), 'nobody else wants to run')
    other.join()
    assert.ok(account.isUnderShare(clock.time), 'a quarter is its share')
    other.join()
    account.join()
    assert.ok(account.isUnderShare(clock.time), 'each counts once')
    account.charge(all * 0.06)
    assert.ok(!account.isUnderShare(clock.time))
    other.leave()
    assert.ok(!account.isUnderShare(clock.time), 'the other has one call more')
    other.leave()
    assert.ok(account.isUnderShare(clock.time))
    account.leave()
  })
})

test('with another weight, what was used stays', async () => {
  await withFakeClock(async (clock) => {
    const account = new Account(2)
    account.charge(6)
    near(account.used(clock.time), 3)
    account.reweigh(3)
    assert.equal(account.weight, 3)
    near(account.used(clock.time), 2)
  })
})
