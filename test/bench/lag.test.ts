import assert from 'node:assert/strict'
import { performance } from 'node:perf_hooks'
import { test } from 'node:test'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import type { Worker } from 'node:worker_threads'
import { withLag } from '../../bench/lag.ts'

/** Holds the event loop without taking the processor from the other thread, ms. */
function block(duration: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, duration)
}

/** Threads that are begun meanwhile. */
async function threadsOf(work: () => Promise<unknown>): Promise<Worker[]> {
  const threads: Worker[] = []
  const add = (thread: Worker) => threads.push(thread)
  process.on('worker', add)
  try {
    await work()
  } finally {
    process.off('worker', add)
  }
  return threads
}

test('a blocked event loop is seen, by what came while it was, and what the work gives comes with it', async () => {
  const { result, lag } = await withLag((during) =>
    during(async () => {
      block(200)
      return 'done'
    }),
  )
  assert.equal(result, 'done')
  assert.ok(lag.max > 50, String(lag.max))
  assert.ok(lag.min < lag.max / 2, `${lag.min} to ${lag.max}: whoever came late waited less`)
})

test('an idle event loop leaves nothing waiting', async () => {
  const { lag } = await withLag((during) => during(() => sleep(200)))
  assert.ok(lag.count > 5, String(lag.count))
  assert.ok(lag.median < 50, String(lag.median))
})

test('turns count by how long they take: a thousand short ones do not hide one that is long', async () => {
  const { lag } = await withLag((during) =>
    during(async () => {
      block(300)
      for (let turn = 0; turn < 1_000; turn++) await nextTurn()
    }),
  )
  assert.ok(lag.median > 10, String(lag.median))
})

test('what measures does not keep the event loop turning', async () => {
  const turns = () => performance.nodeTiming.uvMetricsInfo.loopCount
  const { result, lag } = await withLag((during) =>
    during(async () => {
      const before = turns()
      await sleep(200)
      return turns() - before
    }),
  )
  assert.ok(result <= 2 * lag.count + 50, `${result} turns for ${lag.count} moments`)
})

test('what came before the work or comes after it is not counted, and one measurement adds to another if it is told to', async () => {
  await withLag(async (during) => {
    block(500)
    const { lag } = await during(() => sleep(20))
    const { count } = lag
    assert.ok(lag.max < 400, String(lag.max))
    block(500)
    await sleep(20)
    assert.equal(lag.count, count)
    const { lag: same } = await during(() => sleep(50), lag)
    assert.equal(same, lag)
    assert.ok(lag.count > count)
  })
})

test('the thread that measures is gone afterwards, also when the work fails or never ends', async () => {
  const works: (() => Promise<unknown>)[] = [
    () => withLag((during) => during(async () => undefined)),
    () =>
      assert.rejects(
        withLag((during) => during(() => Promise.reject(new Error('no work')))),
        /no work/,
      ),
    () => withLag(async (during) => void during(() => new Promise(() => undefined))),
  ]
  for (const work of works) {
    const [thread, ...others] = await threadsOf(work)
    assert.deepEqual([thread?.threadId, others], [-1, []])
  }
})
