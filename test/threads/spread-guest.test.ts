/** A module on several threads, with parts made for the purpose. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UNLIMITED } from '../../src/budget.ts'
import { callError, type ErrorCode } from '../../src/errors.ts'
import type { GuestSpec } from '../../src/guests/executor.ts'
import { type ModuleStats, Stats } from '../../src/guests/stats.ts'
import { SpreadGuest, type SpreadPart } from '../../src/threads/spread-guest.ts'
import { withFakeClock } from '../support/fake-clock.ts'
import { failure } from '../support/host.ts'

test('a call that a part cannot take goes to another, is one call, and its time runs on', () =>
  withFakeClock(async (clock) => {
    const began: (number | undefined)[] = []
    const part = (code: () => ErrorCode | undefined): SpreadPart => {
      const stats = new Stats(1)
      const refuse = async (at: number | undefined): Promise<never[]> => {
        began.push(at)
        clock.advance(400)
        const refusal = code()
        stats.countRefused(refusal ?? 'trap')
        if (refusal !== undefined) throw callError(refusal, 'not now')
        return []
      }
      return {
        get stats(): ModuleStats {
          return stats.snapshot
        },
        call: (_signature: unknown, _args: unknown, _allowance: unknown, _signal: unknown, particulars?: { began?: number }) => refuse(particulars?.began),
        lease: (_timeout: number, _signal: unknown, particulars?: { began?: number }) => refuse(particulars?.began),
        isCalledBack: () => false,
      } as unknown as SpreadPart
    }
    let second: ErrorCode | undefined
    const parts = [part(() => 'broken'), part(() => second)]
    const spread = await SpreadGuest.load({ instances: 2 } as GuestSpec, 2, async () => parts.shift() as SpreadPart)
    clock.advance(7)
    const call = () => spread.call({} as never, [], UNLIMITED, undefined)
    await call()
    assert.deepEqual(began, [7, 7])
    assert.deepEqual([spread.stats.calls, spread.stats.outcomes], [1, { trap: 1 }])
    second = 'broken'
    await failure(spread.lease(1_000, undefined), 'broken')
    assert.deepEqual(began, [7, 7, 807, 807])
    assert.deepEqual([spread.stats.calls, spread.stats.outcomes], [2, { trap: 1, broken: 1 }])
  }))

test('a module of which a part closes by itself while others are loaded is not loaded, and none of it is left', async () => {
  const events: string[] = []
  const spec = { name: 'm', instances: 2, onClose: () => events.push('told') } as unknown as GuestSpec
  let at = 0
  const place = async (part: GuestSpec): Promise<SpreadPart> => {
    const mine = at++
    if (mine === 1) part.onClose()
    return { close: async () => void events.push(`closed ${mine}`) } as unknown as SpreadPart
  }
  const error = await failure(SpreadGuest.load(spec, 2, place), 'closed')
  assert.deepEqual([error.name, error.module], ['LoadError', 'm'])
  assert.deepEqual(events, ['closed 0', 'closed 1'])
})
