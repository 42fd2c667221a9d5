import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Candidate, Engine, Plugin } from '../../bench/candidates/candidate.ts'
import { CANDIDATES } from '../../bench/candidates/index.ts'
import { compute, flight, latency, texts } from '../../bench/comparison/calls.ts'
import { loading } from '../../bench/comparison/loading.ts'
import { runaways } from '../../bench/comparison/runaways.ts'
import { scaling } from '../../bench/comparison/scaling.ts'
import { deadline, recovery } from '../../bench/comparison/stops.ts'
import type { Measured, Subject } from '../../bench/figures.ts'
import { PATIENCE } from '../../bench/within.ts'

const QUICK = { rounds: 2, quick: true, full: false }

/** One that does so in place of what it does, and nobody else can be had. */
function alone(t: TestContext, id: string, plugin: Plugin, load?: Engine['load']): Candidate {
  for (const each of CANDIDATES) {
    const { missing, start, package: needs } = each
    t.after(() => Object.assign(each, { missing, start, package: needs }))
    const engine: Engine = { plugin: async () => plugin, close: () => undefined, ...(load && { load }) }
    Object.assign(each, each.id === id ? { start: async () => engine, package: undefined } : { missing: () => 'not asked' })
  }
  return CANDIDATES.find((each) => each.id === id) ?? assert.fail()
}

test('who does not add is named and has no figure, in every subject that adds', async (t) => {
  const { name } = alone(t, 'raw', { add: async () => 99, hang: async () => 0 })
  for (const subject of [latency, flight, recovery, runaways]) {
    const { figures, peerFailure } = await subject.measure(QUICK)
    assert.deepEqual(figures, [], subject.id)
    assert.match(peerFailure ?? '', new RegExp(`^${name}: (0 runaways: )?99 in place of 42$`), subject.id)
  }
})

const never = () => new Promise<never>(() => undefined)

/** Time passes whenever nothing else happens. */
async function measured(t: TestContext, subject: Subject): Promise<Measured> {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let result: Measured | undefined
  const done = subject.measure(QUICK).then((measured) => {
    result = measured
  })
  while (result === undefined) {
    await Promise.race([nextTurn(), done])
    t.mock.timers.tick(PATIENCE / 100)
  }
  t.mock.timers.reset()
  return result
}

for (const subject of [latency, texts, flight, compute, deadline, recovery, runaways, loading]) {
  test(`a peer that never answers does not hold up a run: ${subject.id}`, async (t) => {
    const { name } = alone(t, 'raw', { add: never, upper: never, compute: never, hang: never }, never)
    const { figures, peerFailure } = await measured(t, subject)
    assert.deepEqual(figures, [])
    assert.match(peerFailure ?? '', new RegExp(`^${name}: ((after 0 stops|0 runaways): )?no answer within \\d+ ms$`))
  })
}

test('a peer that never answers does not hold up a run: scaling', async (t) => {
  const { name } = alone(t, 'piscina', { compute: never })
  const { figures, peerFailure } = await measured(t, scaling)
  assert.deepEqual({ figures, peerFailure }, { figures: [], peerFailure: `${name}: no answer within ${PATIENCE} ms` })
})
