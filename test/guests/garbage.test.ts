/** Whose guests leave memories behind waits until they are collected; nobody else does. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Host, type Module } from '../../src/index.ts'
import { droppedMemories } from '../../src/runtime/dropped-memory.ts'
import { collectGarbage } from '../support/garbage.ts'
import { wat } from '../support/wat.ts'

const MiB = 1024 * 1024
const HOG = wat(`(module
  (import "env" "keep" (func $keep))
  (memory (export "memory") 1)
  (func (export "hog") (drop (memory.grow (i32.const 1120))) (call $keep) unreachable)
  (func (export "nothing")))`)
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
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
}

async function leave(hog: Module, times: number): Promise<void> {
  for (let time = 0; time < times; time++) await assert.rejects(hog.call('hog'), { code: 'trap' })
}

test('what left 140 MiB waits for its next instance, and others do not', async () => {
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
      (func (export "run") (drop (memory.grow (i32.const 1120))) (call $keep)))`),
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

test('a call that waits so is ended when its host closes, and nothing is left', async () => {
  let waits: Promise<unknown> | undefined
  await withHog(async (_, hog) => {
    await leave(hog, 2)
    waits = assert.rejects(hog.call('nothing'), { code: 'closed' })
  })
  await waits
})

test('a call that waits so keeps the process', async () => {
  await withHog(async (_, hog) => {
    await leave(hog, 2)
    await hog.call('nothing', [], { timeout: Number.POSITIVE_INFINITY })
    assert.ok(hog.memorySize < MiB)
  })
})
