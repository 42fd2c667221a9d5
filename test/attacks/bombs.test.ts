/**
 * What breaks a host without outliving any check, each in a process of its own: none aborts it, none holds its event loop for long, none has it
 * grow without bound. The bounds here are generous; `node test/attacks/measure.ts` prints the figures.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Host } from '../../src/index.ts'
import { behaviour, failure, fixture } from '../support/host.ts'
import { blast, crowd } from './blast.ts'
import { BOMBS } from './bombs.ts'

/** A hundred times what is wanted, and more: another process may have the machine meanwhile. */
const LONGEST_TURN = 2_000
/** The process itself, its tests' modules, and several times `memoryLimit`. */
const MOST_MEMORY = 1_000_000_000

const slices = new Host().features.slices

describe('bombs', { concurrency: 2 }, () => {
  for (const [name, { tries, refused, ends = 'ok', calls = 1 }] of Object.entries(BOMBS)) {
    if (refused !== undefined) continue
    test(`${name}: ${tries}`, async () => {
      const { loaded, calls: ended, lag, peak } = await blast(name)
      assert.equal(loaded, 'ok')
      assert.deepEqual(ended, new Array(calls).fill(ends))
      for (const [when, ms] of Object.entries(lag))
        assert.ok(slices ? ms < LONGEST_TURN : ms < 2 * LONGEST_TURN, `the event loop was held for ${ms} ms (${when})`)
      assert.ok(peak < MOST_MEMORY, `${Math.round(peak / 1e6)} MB`)
    })
  }

  test('a thousand modules that run away at once all end at their deadlines', async () => {
    const { ended, lag, peak } = await crowd(1_000)
    assert.deepEqual(ended, { deadline: 1_000 })
    if (slices) assert.ok(lag.calls < LONGEST_TURN, `the event loop was held for ${lag.calls} ms`)
    assert.ok(lag.close < LONGEST_TURN, `closing held the event loop for ${lag.close} ms`)
    assert.ok(peak < MOST_MEMORY, `${Math.round(peak / 1e6)} MB`)
  })
})

behaviour('what is over a cap is refused, with the cap, and the host goes on', async (bench) => {
  const host = bench.host({ execTimeout: 1_000 })
  const neighbour = await host.loadModule('neighbour', fixture('counter'))
  for (const [name, { make, refused }] of Object.entries(BOMBS)) {
    if (refused === undefined) continue
    const { code, message } = await failure(host.loadModule(name, make(), { tableLimit: 1_000_000 }))
    assert.equal(code, refused, message)
    assert.match(message, /`caps\.\w+` of \d+|V8's limit/)
    assert.equal((await neighbour.call('increment')).length, 1)
  }
  assert.equal(host.modules.size, 1)
})
