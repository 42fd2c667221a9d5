/** What a version that was replaced does until it is gone stays in the module's figures, whatever ends first: its calls, or its closing. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Stats } from '../../src/guests/stats.ts'
import type { Version } from '../../src/host/loader.ts'
import { Module } from '../../src/host/module.ts'

const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

/** A version whose guest is idle and closed when the test says so. */
function version() {
  const stats = new Stats(0)
  const [idle, closed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const guest = {
    get stats() {
      return stats.snapshot
    },
    idle: () => idle.promise,
    close: () => closed.promise,
  }
  return { version: { guest, allowance: {}, ending: { tell: () => undefined } } as unknown as Version, stats, idle, closed }
}

for (const first of ['idle', 'closed'] as const) {
  test(`a call that ends when a version that was replaced is ${first} already is counted`, async () => {
    const [former, next] = [version(), version()]
    const module = new Module('plugin', former.version, {
      load: async (_source: unknown, _options: unknown, adopt: (version: Version) => unknown) => adopt(next.version) as never,
      forget: () => undefined,
    } as never)
    // Either its calls are waited for, or it is closed when the time is over
    const replaced = module.replace(new Uint8Array(), { drainTimeout: first === 'idle' ? 0 : 1 })
    await nextTurn()
    former[first].resolve()
    await new Promise((resolve) => setTimeout(resolve, 20))
    former.stats.countRefused('thread-lost')
    next.stats.countRefused('busy')
    former[first === 'idle' ? 'closed' : 'idle'].resolve()
    await replaced
    await nextTurn()
    assert.deepEqual([module.stats.calls, module.stats.outcomes], [2, { busy: 1, 'thread-lost': 1 }])
    // It is gone
    former.stats.countRefused('thread-lost')
    assert.equal(module.stats.calls, 2)
  })
}
