/** Whose guests leave memories behind waits until they are collected; nobody else does. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Caller, Host, type Module } from '../../src/index.ts'
import { droppedMemories } from '../../src/runtime/dropped-memory.ts'
import { collectGarbage } from '../support/garbage.ts'
import { wat } from '../support/wat.ts'
import { HOG } from './hog.ts'

const OTHER = wat('(module (memory 1) (func (export "trap") unreachable) (func (export "nothing")))')

/** What guests have left, held by the host: it is not collected before that is over. */
let kept: ArrayBufferLike[] = []

async function withHog(work: (host: Host, hog: Module) => Promise<void>): Promise<void> {
  const host = new Host({ execTimeout: 20_000 })
  try {
    const hog = await host.loadModule('hog', HOG, { imports: (caller) => ({ env: { keep: () => void kept.push(caller.memory.bytes.buffer) } }) })
    await work(host, hog)
  } finally {
    await host.close()
    await letGo()
  }
}

/** The next test begins with nothing left. */
async function letGo(): Promise<void> {
  kept = []
  while (droppedMemories() > 0) {
    collectGarbage()
    await nextTurn()
  }
}

async function leave(hog: Module, times: number): Promise<void> {
  for (let time = 0; time < times; time++) await assert.rejects(hog.call('hog'), { code: 'trap' })
}

test('what left 80 MiB waits for its next instance, and others do not', async () => {
  await withHog(async (host, hog) => {
    const other = await host.loadModule('other', OTHER)
    await leave(hog, 2)
    assert.equal(hog.memorySize, 0, 'it has no instance')
    const order: string[] = []
    const calls = [
      hog.call('nothing').then(() => order.push('hog')),
      assert
        .rejects(other.call('trap'), { code: 'trap' })
        .then(() => other.call('nothing'))
        .then(() => order.push('other')),
    ]
    await Promise.all(calls)
    assert.deepEqual(order, ['other', 'hog'])
    assert.equal(hog.stats.restarts, 2)
  })
})

test('what left less does not wait', async () => {
  await withHog(async (_, hog) => {
    await leave(hog, 1)
    assert.equal(hog.memorySize, 65_536)
  })
})

test('`callSync` does not wait', async () => {
  await withHog(async (_, hog) => {
    await leave(hog, 2)
    assert.equal(hog.memorySize, 0)
    assert.deepEqual(hog.callSync('nothing'), [])
    assert.equal(hog.stats.restarts, 2)
  })
})

test('with `reuse: never` it waits as well', async () => {
  const host = new Host({ execTimeout: 20_000 })
  try {
    const module = await host.loadModule(
      'once',
      wat(`(module (import "env" "keep" (func $keep)) (memory (export "memory") 1)
      (func (export "run") (drop (memory.grow (i32.const 640))) (call $keep)))`),
      {
        reuse: 'never',
        imports: (caller) => ({ env: { keep: () => void kept.push(caller.memory.bytes.buffer) } }),
      },
    )
    // The third is readied while the second runs
    for (let time = 0; time < 3; time++) await module.call('run')
    assert.equal(module.stats.generation, 3)
    await module.call('run')
  } finally {
    await host.close()
    await letGo()
  }
})

test('a call that waits so is ended when its host closes, and no timer is left', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length
  const before = timers()
  const host = new Host({ execTimeout: 20_000 })
  try {
    const hog = await host.loadModule('hog', HOG, { imports: (caller) => ({ env: { keep: () => void kept.push(caller.memory.bytes.buffer) } }) })
    await leave(hog, 2)
    const waits = assert.rejects(hog.call('nothing'), { code: 'closed' })
    // Until the engine has been told
    for (let turn = 0; turn < 3; turn++) await nextTurn()
    await host.close()
    await waits
    assert.equal(timers(), before)
  } finally {
    await letGo()
  }
})

test('a module that is closed while its guest has much, after others that left much, leaves no timer', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length
  const before = timers()
  const host = new Host({ execTimeout: 20_000 })
  let closes: Promise<void> | undefined
  const keep = (caller: Caller) => () => {
    kept.push(caller.memory.bytes.buffer)
    if (kept.length === 3) closes = host.close()
  }
  try {
    const [hog, last] = await Promise.all(['hog', 'last'].map((name) => host.loadModule(name, HOG, { imports: (caller) => ({ env: { keep: keep(caller) } }) })))
    await leave(hog as Module, 2)
    for (let turn = 0; turn < 3; turn++) await nextTurn()
    await assert.rejects((last as Module).call('hog'), { code: 'closed' })
    await closes
    assert.equal(timers(), before)
  } finally {
    await letGo()
  }
})

test('a call that waits so keeps the process, whatever its deadline', () => {
  const script = join(import.meta.dirname, 'waiting.ts')
  const { stdout, stderr, status } = spawnSync(process.execPath, [script], { encoding: 'utf8', timeout: 60_000 })
  assert.deepEqual([stdout, status], ['waited\n', 0], stderr)
})
