/** Where modules go, what is shared between threads, and messages. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Host } from '../../src/index.ts'
import { canSuspend } from '../../src/runtime/thread.ts'
import { ThreadsExecutor } from '../../src/threads/executor.ts'
import type { Report } from '../../src/threads/messages.ts'
import { Outbox } from '../../src/threads/outbox.ts'
import { forgetCounts, newCounts, sharedAdmission } from '../../src/threads/shared-counts.ts'
import { aheadBy, fromShared, toShared } from '../../src/threads/shared-time.ts'
import type { Connect } from '../../src/threads/transport.ts'
import { workerTransport } from '../../src/threads/worker-transport.ts'
import { failure, fixture, nextTurn } from '../support/host.ts'
import { load, MODULE } from './load.ts'

const TERMS = { maxConcurrent: 100, maxQueue: 100, slice: 1, totalMemoryLimit: 1 << 30 }

/** Counts what goes to each thread. */
function watched(): { connect: Connect; orders: string[][]; batches: number[] } {
  const orders: string[][] = []
  const batches: number[] = []
  const connect: Connect = (listener) => {
    const transport = workerTransport()(listener)
    const mine: string[] = []
    const index = orders.push(mine) - 1
    batches.push(0)
    const post = (batch: readonly unknown[]) => {
      batches[index] = (batches[index] as number) + 1
      mine.push(...batch.map((order) => (order as { verb: string }).verb))
      transport.post(batch)
    }
    return { ...transport, post }
  }
  return { connect, orders, batches }
}

const count = (orders: readonly string[], verb: string) => orders.filter((each) => each === verb).length

test('threads are started as modules come, each for the next module, and modules then go where there are fewest', async () => {
  const { connect, orders } = watched()
  const executor = new ThreadsExecutor(2, TERMS, connect)
  const loaded = []
  for (const name of ['a', 'b', 'c', 'd']) {
    loaded.push(await load(executor, name, { source: MODULE }))
    assert.equal(executor.stats.threads?.started, Math.min(2, loaded.length))
  }
  assert.deepEqual(
    orders.map((each) => count(each, 'load')),
    [2, 2],
  )
  // A place that is free again is taken
  await loaded[1]?.guest.close()
  await load(executor, 'e', { source: MODULE })
  assert.equal(count(orders[1] as string[], 'load'), 3)
  await executor.close()
})

test('a thread whose guests use up its time gets no further module while another has time', async () => {
  const { connect, orders } = watched()
  const executor = new ThreadsExecutor(2, TERMS, connect)
  const [busy] = [await load(executor, 'busy', { source: MODULE }), await load(executor, 'idle', { source: MODULE })]
  await load(executor, 'also idle', { source: MODULE })
  await failure(busy.call('loop', { timeout: 1_500 }), 'deadline')
  for (const name of ['x', 'y', 'z']) await load(executor, name, { source: MODULE })
  assert.deepEqual(
    orders.map((each) => count(each, 'load')),
    [2, 4],
  )
  await executor.close()
})

test('a module with several instances is on several threads, and each call goes where there are fewest', async () => {
  const { connect, orders } = watched()
  const executor = new ThreadsExecutor(2, TERMS, connect)
  const spread = await load(executor, 'spread', { source: MODULE, instances: 3 })
  assert.deepEqual(
    orders.map((each) => count(each, 'load')),
    [1, 1],
  )
  await Promise.all(Array.from({ length: 6 }, () => spread.call('count')))
  assert.deepEqual(
    orders.map((each) => count(each, 'call')),
    [4, 2],
  )
  assert.equal(spread.guest.stats.calls, 6)
  assert.equal(spread.guest.stats.generation, 3)
  await spread.guest.close()
  await failure(spread.call('count'), 'closed')
  await executor.close()
})

test('calls that are made together go in one message', async () => {
  const { connect, batches } = watched()
  const executor = new ThreadsExecutor(1, TERMS, connect)
  const loaded = await load(executor, 'm', { source: MODULE })
  const before = batches[0] as number
  await Promise.all(Array.from({ length: 50 }, () => loaded.call('count')))
  assert.equal(batches[0], before + 1)
  await executor.close()
})

test('an outbox posts what has come once there is no more', async () => {
  const posted: (readonly number[])[] = []
  const outbox = new Outbox<number>((batch) => posted.push(batch), queueMicrotask)
  for (const n of [1, 2, 3]) outbox.add(n)
  assert.deepEqual(posted, [])
  await nextTurn()
  outbox.add(4)
  outbox.flush()
  outbox.flush()
  await nextTurn()
  assert.deepEqual(posted, [[1, 2, 3], [4]])
})

test('calls are counted over all threads, and those of a lost one are forgotten', () => {
  const counts = newCounts(2)
  const [a, b] = [sharedAdmission(TERMS, counts, 0), sharedAdmission(TERMS, counts, 1)]
  a.active++
  b.active++
  b.active++
  a.queued++
  assert.deepEqual([a.active, b.active, a.queued, b.queued], [3, 3, 1, 1])
  b.active--
  assert.deepEqual([a.active, a.queued], [2, 1])
  forgetCounts(counts, 1)
  assert.deepEqual([a.active, b.active, b.queued], [1, 1, 1])
})

test('moments are the same ones after they went there and back', () => {
  const at = performance.now()
  assert.ok(Math.abs(fromShared(toShared(at)) - at) < 0.001)
})

test('a compiled module is sent, and never compiled again', async () => {
  const host = new Host({ threads: 2 })
  const module = await host.loadModule('m', fixture('counter'), { instances: 2 })
  assert.deepEqual(await Promise.all([module.call('increment'), module.call('increment')]), [[1], [1]])
  await host.close()
})

test('what host functions have returned is let go of while their guest goes on', { skip: !canSuspend }, async () => {
  let dropped = 0
  const connect: Connect = (listener) =>
    workerTransport()({
      ended: (cause) => listener.ended(cause),
      message: (batch: readonly Report[]) => {
        for (const report of batch) if (report.verb === 'dropped') dropped += report.count
        listener.message(batch as never)
      },
    })
  const executor = new ThreadsExecutor(1, TERMS, connect)
  const source = `(module (import "env" "thing" (func $thing (result externref)))
    (func (export "ask") (local $left i32) (local.set $left (i32.const 20000))
      (loop $again (drop (call $thing)) (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))))`
  const { call } = await load(executor, 'asks', { source, imports: { env: { thing: () => ({}) } } })
  await call('ask')
  assert.ok(dropped > 1_000, `${dropped}`)
  await executor.close()
})

test('how far clocks are apart is told by the reading in which this thread was put aside least', () => {
  let time = 0
  let reading = 0
  const clock = () => time
  const ahead = () => {
    reading++
    time += reading === 4 ? 0.25 : 70
    return time - (reading === 4 ? 0.125 : 0) + 1_000
  }
  assert.equal(aheadBy(ahead, clock), 1_000)
  assert.ok(reading > 4)
})
