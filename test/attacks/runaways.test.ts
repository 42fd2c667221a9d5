/**
 * The whole corpus under a host: each guest that runs away is ended at its deadline, or out of fuel, while the event loop goes on and a
 * neighbour answers. Raw V8 ends none of them, see test/guard/attacks.test.ts.
 */
import assert from 'node:assert/strict'
import { after } from 'node:test'
import { type Bench, behaviour, failure, fixture, nextTurn } from '../support/host.ts'
import { attacks, isKnown } from './corpus.ts'

const TIMEOUT = 20
/** Where the stack ends, so does the guest: then it did that before its time was up. */
const ENDS: readonly string[] = ['deadline', 'stack-overflow']
/** Some hundred thousand instructions: for most, less than a millisecond. */
const FUEL = 1_000_000

/** Deeper than a guest with fuel may go: that ends it first. */
const DEEP = new Set(['overflow-and-catch', 'overflow-swallowed', 'overflow-swallowed-in-every-frame', 'throw-all-the-way-back', 'work-on-the-way-back'])

/** Turns of the event loop during each attack. */
const turnsOf: number[] = []

/** Counts turns of the event loop until `work` is done. */
async function turnsDuring(work: Promise<unknown>): Promise<number> {
  let turns = 0
  let isDone = false
  const done = work.finally(() => {
    isDone = true
  })
  while (!isDone) {
    await nextTurn()
    turns++
  }
  await done
  return turns
}

async function neighbour(bench: Bench) {
  const host = bench.host({ execTimeout: 5_000 })
  const module = await host.loadModule('neighbour', fixture('counter'))
  return { host, answers: async () => assert.equal((await module.call('increment')).length, 1) }
}

for (const { name, bytes } of attacks()) {
  if (!isKnown(bytes)) continue
  behaviour(`${name}: ends at its deadline, in slices and at once, and out of fuel`, async (bench) => {
    const { host, answers } = await neighbour(bench)
    const module = await host.loadModule('attack', bytes)
    const call = failure(module.call('run', [], { timeout: TIMEOUT }))
    const turns = await turnsDuring(call)
    const { code: ended } = await call
    assert.ok(ENDS.includes(ended), ended)
    if (host.features.slices && ended === 'deadline') turnsOf.push(turns)
    await answers()
    await module.close()
    const again = await host.loadModule('attack', bytes)
    const { code } = await failure(() => again.callSync('run', [], { timeout: TIMEOUT }))
    assert.ok(ENDS.includes(code), code)
    await answers()
    await again.close()
    const fuelled = await host.loadModule('attack', bytes, { fuel: FUEL })
    const first = await failure(fuelled.call('run'))
    assert.equal(first.code, DEEP.has(name) ? 'stack-overflow' : 'out-of-fuel')
    const second = await failure(fuelled.call('run'))
    assert.deepEqual([second.code, second.figures.fuelUsed], [first.code, first.figures.fuelUsed], 'the same fuel brings it as far')
    await answers()
  })
}

for (const { name, bytes } of attacks('start/'))
  behaviour(`${name}: is not loaded, and its name is free again`, async (bench) => {
    const { host, answers } = await neighbour(bench)
    await failure(host.loadModule('attack', bytes, { startTimeout: TIMEOUT }), 'start-timeout')
    await answers()
    const starved = await failure(host.loadModule('attack', bytes, { fuel: FUEL }), 'start-failed')
    assert.match(starved.message, /fuel/)
    assert.equal(host.modules.size, 1)
    await answers()
  })

// A busy machine may take a few of them away from one attack or another
after(() => {
  const usual = turnsOf.sort((a, b) => a - b)[Math.floor(turnsOf.length / 2)]
  assert.ok(usual === undefined || turnsOf.length < 10 || usual >= TIMEOUT / 4, `${usual} turns of the event loop in ${TIMEOUT} ms`)
})
