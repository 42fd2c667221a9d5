/** When waiting calls are looked at. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Deadlines } from '../../src/guests/deadlines.ts'
import type { Call } from '../../src/runtime/call.ts'
import { withFakeClock } from '../support/fake-clock.ts'

test('no timer is set for the past, however late it is by then', async () => {
  const warnings: Error[] = []
  const listener = (warning: Error) => warnings.push(warning)
  process.on('warning', listener)
  await withFakeClock(async (clock) => {
    clock.onRead = () => clock.advance(1_000)
    const deadlines = new Deadlines()
    const call = { deadline: 500 } as Call
    deadlines.add(call)
    deadlines.awaitNext(0)
    deadlines.remove(call)
    await nextTurn()
  })
  process.off('warning', listener)
  assert.deepEqual(warnings, [])
})
