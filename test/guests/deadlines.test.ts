import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ALL_FUEL } from '../../src/budget.ts'
import { Deadlines } from '../../src/guests/deadlines.ts'
import { Account } from '../../src/runtime/account.ts'
import { Call, type CallOwner } from '../../src/runtime/call.ts'
import { withFakeClock } from '../support/fake-clock.ts'
import { nextTurn } from '../support/host.ts'

const nothing = () => undefined
const NOBODY: CallOwner = { name: 'nobody', account: new Account(1), stopped: nothing, suspended: nothing, waits: nothing, settled: nothing }
const NEVER = Number.POSITIVE_INFINITY

test('a deadline that comes near while its timer is set has Node warn of nothing', async () => {
  const warnings: Error[] = []
  const onWarning = (warning: Error) => warnings.push(warning)
  process.on('warning', onWarning)
  try {
    await withFakeClock(async (clock) => {
      const deadlines = new Deadlines()
      const call = new Call(NOBODY, { timeout: 100, cpuTimeout: NEVER, fuel: ALL_FUEL, slice: 1, signal: undefined, timeoutCode: 'deadline' }, 0)
      deadlines.add(call)
      clock.advance(99)
      deadlines.awaitNext(97)
      deadlines.remove(call)
      await nextTurn()
    })
  } finally {
    process.off('warning', onWarning)
  }
  assert.deepEqual(warnings, [])
})
