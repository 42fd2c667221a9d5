/** Which modules share an account, and how long it is kept. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Accounts } from '../../src/guests/accounts.ts'
import { HALF_LIFE } from '../../src/runtime/account.ts'
import { withFakeClock } from '../support/fake-clock.ts'

test('modules of a group share an account; others have their own, whatever they are called', () => {
  const accounts = new Accounts()
  const shared = accounts.open('a', 'group', undefined)
  assert.equal(accounts.open('b', 'group', undefined), shared)
  const others = [accounts.open('a', undefined, undefined), accounts.open('group', undefined, undefined), accounts.open('c', 'other', undefined)]
  assert.equal(new Set([shared, ...others]).size, 4)
})

test('a group has one weight, that of its first module', () => {
  const accounts = new Accounts()
  const account = accounts.open('a', 'group', 3)
  assert.equal(account.weight, 3)
  assert.equal(accounts.open('b', 'group', undefined), account)
  assert.equal(accounts.open('c', 'group', 3), account)
  assert.throws(() => accounts.open('d', 'group', 2), {
    code: 'invalid-option',
    message: /`weight` takes 3, which the group has \(or the module that is replaced\), or nothing, but got 2/,
  })
  account.charge(1)
  for (const module of ['a', 'b', 'c']) accounts.close(module, 'group')
  assert.equal(accounts.open('d', 'group', 2), account)
  assert.equal(account.weight, 2)
})

test('what a module has used is kept when it is closed, until it is forgotten', async () => {
  await withFakeClock((clock) => {
    const accounts = new Accounts()
    const account = accounts.open('module', undefined, undefined)
    account.charge(100)
    accounts.close('module', undefined)
    clock.advance(5 * HALF_LIFE)
    assert.equal(accounts.open('module', undefined, undefined), account)
    accounts.close('module', undefined)
    clock.advance(20 * HALF_LIFE)
    assert.notEqual(accounts.open('module', undefined, undefined), account)
  })
})

test('an account that is used again is not forgotten', async () => {
  await withFakeClock((clock) => {
    const accounts = new Accounts()
    const account = accounts.open('module', undefined, undefined)
    accounts.close('module', undefined)
    assert.notEqual(accounts.open('module', undefined, undefined), account, 'it had used nothing')
    const again = accounts.open('group member', 'group', undefined)
    again.charge(1)
    accounts.close('group member', 'group')
    assert.equal(accounts.open('group member', 'group', undefined), again)
    clock.advance(20 * HALF_LIFE)
    assert.equal(accounts.open('another', 'group', undefined), again)
  })
})
