/** Threads that go wrong: what becomes of them, of their modules and of the calls in flight. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Caller, type CurfewError, currentCall, StopError } from '../../src/index.ts'
import { canSuspend } from '../../src/runtime/thread.ts'
import { ThreadsExecutor } from '../../src/threads/executor.ts'
import type { Connect, Transport } from '../../src/threads/transport.ts'
import { workerTransport } from '../../src/threads/worker-transport.ts'
import { busy, failure, sleep, within } from '../support/host.ts'
import { type Loaded, load, MODULE } from './load.ts'

const GRACE = 400
const ENTRY = new URL('./misbehaving.ts', import.meta.url)

interface Bench {
  readonly executor: ThreadsExecutor
  load(name: string, options?: Partial<Parameters<typeof load>[2]>): Promise<Loaded>
}

/** A claim about one thread that misbehaves, with a short grace period. */
function claim(
  text: string,
  prove: (bench: Bench) => Promise<void>,
  connect: Connect = workerTransport(ENTRY, { maxOldGenerationSizeMb: 40 }),
  skip = false,
): void {
  test(text, { skip }, async () => {
    const executor = new ThreadsExecutor(1, { maxConcurrent: 1_000, maxQueue: 1_000, slice: 1, totalMemoryLimit: 1 << 30 }, connect, GRACE)
    try {
      await prove({ executor, load: (name, options) => load(executor, name, { source: MODULE, ...options }) })
    } finally {
      await within(executor.close(), 'closing')
    }
  })
}

for (const [how, what] of [
  ['block', 'is blocked'],
  ['spin', 'spins'],
  ['exit', 'exits'],
  ['throw', 'throws'],
  ['fill', 'runs out of heap'],
] as const) {
  claim(`a thread that ${what} is ended: its calls in flight fail, its other modules come back on another`, async ({ executor, load }) => {
    const [bad, good] = [await load('bad'), await load('good')]
    assert.deepEqual(await good.call('count'), [1])
    // Without JSPI this one would hold the thread
    const waiting = canSuspend ? failure(good.call('loop', { timeout: 30_000 }), 'thread-lost') : undefined
    const error = await failure(bad.call(how, { timeout: how === 'block' || how === 'spin' ? 20 : 30_000 }), 'thread-lost')
    assert.ok(error instanceof StopError)
    assert.deepEqual([error.module, error.function, error.ran], ['bad', how, true])
    const other = await waiting
    if (other !== undefined) assert.deepEqual([other.module, other.function, other.ran], ['good', 'loop', true])
    // A new instance, on a new thread
    assert.deepEqual(await good.call('count'), [1])
    assert.deepEqual(await bad.call('count'), [1])
    assert.deepEqual([executor.stats.threads?.started, executor.stats.threads?.lost, executor.stats.threads?.unended], [2, 1, 0])
    const { generation, restarts, outcomes } = good.guest.stats
    assert.deepEqual({ generation, restarts, outcomes }, { generation: 2, restarts: 1, outcomes: { ok: 2, ...(canSuspend ? { 'thread-lost': 1 } : {}) } })
  })
}

claim(
  'a thread that does not answer a host function which waits for it is given up, and the host goes on',
  async ({ executor, load }) => {
    let thrown: unknown
    const asking = await load('asking', {
      source: `(module (import "h" "ask" (func $ask)) (memory 1) (func (export "ask") (call $ask)) (func (export "count") (result i32) (i32.const 1)))`,
      imports: {
        h: {
          ask: async () => {
            const caller = currentCall() as Caller
            void failure(bad.call('block', { timeout: 30_000 }), 'thread-lost')
            await sleep(20)
            try {
              caller.memory.read(0, 1)
            } catch (error) {
              thrown = error
            }
          },
        },
      },
    })
    const bad = await load('bad')
    await failure(asking.call('ask'), 'thread-lost')
    await sleep(0)
    assert.equal((thrown as CurfewError).code, 'thread-lost')
    assert.deepEqual(await asking.call('count'), [1])
    assert.deepEqual([executor.stats.threads?.started, executor.stats.threads?.lost], [2, 1])
  },
  undefined,
  !canSuspend,
)

claim("a module with `restart: 'never'` closes with its thread", async ({ load }) => {
  let closed = 0
  const once = await load('once', { restart: 'never', onClose: () => closed++ })
  const bad = await load('bad')
  await failure(bad.call('exit'), 'thread-lost')
  await failure(once.call('count'), 'closed')
  assert.equal(closed, 1)
  assert.deepEqual(await bad.call('count'), [1])
})

claim('a lease ends with its thread', async ({ load }) => {
  const bad = await load('bad')
  const lease = await bad.guest.lease(10_000, undefined)
  const stopped = failure(lease.stopped, 'thread-lost')
  await failure(bad.call('exit', { timeout: 5_000 }), 'thread-lost')
  await stopped
  await failure(lease.read(0, 1, 0), 'thread-lost')
  lease.release()
})

claim('modules come back too when the next thread is started early, for a module that is loaded', async ({ executor, load }) => {
  const first = await load('first')
  for (let loss = 0; loss < 3; loss++) await failure(first.call('exit'), 'thread-lost')
  // The third is to be replaced after 200 ms
  const next = await load('next')
  assert.deepEqual(await next.call('count'), [1])
  assert.deepEqual(await first.call('count', { timeout: 5_000 }), [1])
  assert.equal(executor.stats.threads?.started, 4)
})

claim('of what a lost thread was asked only calls are counted, and a module without calls is idle', async ({ load }) => {
  const bad = await load('bad')
  const other = await load('other')
  const lease = await other.guest.lease(10_000, undefined)
  const exit = failure(bad.call('exit', { timeout: 5_000 }), 'thread-lost')
  const reads = [lease.read(0, 1, 0), lease.write(0, new Uint8Array(1), 0)].map((read) => failure(read, 'thread-lost'))
  await Promise.all([exit, ...reads, within(other.guest.idle(), 'being idle')])
  assert.deepEqual([bad.guest.stats.calls, other.guest.stats.calls], [1, 0])
})

claim('calls made while there is no thread wait for the next one, under their deadlines and signals', async ({ load }) => {
  const bad = await load('bad')
  // The first thread is replaced at once, the second after a while
  await failure(bad.call('exit'), 'thread-lost')
  await failure(bad.call('exit'), 'thread-lost')
  const controller = new AbortController()
  const calls = [
    failure(bad.call('count', { timeout: 5 }), 'deadline'),
    failure(bad.call('count', { signal: controller.signal }), 'aborted'),
    bad.call('count', { timeout: 20_000 }),
  ] as const
  controller.abort()
  for (const error of [await calls[0], await calls[1]]) assert.deepEqual([error.phase, error.ran], ['queued', false])
  assert.deepEqual(await calls[2], [1])
})

claim('a module that is loaded while there is no thread has one started, which the others come back on', async ({ executor, load }) => {
  const bad = await load('bad')
  for (let lost = 0; lost < 4; lost++) await failure(bad.call('exit'), 'thread-lost')
  const another = load('another')
  assert.deepEqual(await bad.call('count'), [1])
  assert.deepEqual(await (await another).call('count'), [1])
  assert.equal(executor.stats.threads?.started, 5)
})

claim('whoever waits until nothing of a module is left need not know that its thread was lost', async ({ load }) => {
  const bad = await load('bad')
  const exited = failure(bad.call('exit', { timeout: 5_000 }), 'thread-lost')
  await within(bad.guest.idle(), 'being idle')
  await exited
  assert.deepEqual(bad.guest.stats.outcomes, { 'thread-lost': 1 })
})

claim('calls that wait for a thread keep a module from being idle: until they have ended, or have given up', async ({ load }) => {
  const bad = await load('bad')
  for (let lost = 0; lost < 3; lost++) await failure(bad.call('exit'), 'thread-lost')
  const refused = failure(bad.call('count', { timeout: 5 }), 'deadline')
  await within(bad.guest.idle(), 'being idle')
  assert.equal(bad.guest.stats.outcomes.deadline, 1)
  await refused
  const called = bad.call('count', { timeout: 20_000 })
  await within(bad.guest.idle(), 'being idle again')
  assert.equal(bad.guest.stats.outcomes.ok, 1)
  await called
})

claim('a module whose thread is lost while it is loaded was never there, to be closed', async ({ load }) => {
  const bad = await load('bad')
  let closed = 0
  const setup = () => failure(bad.call('exit'), 'thread-lost')
  const error = await failure(load('once', { setup, restart: 'never', startTimeout: 20_000, onClose: () => closed++ }), 'thread-lost')
  assert.equal(error.name, 'LoadError')
  assert.equal(closed, 0)
})

claim('a module that is closed while there is no thread refuses what waits, and stays closed', async ({ load }) => {
  const bad = await load('bad')
  await failure(bad.call('exit'), 'thread-lost')
  await failure(bad.call('exit'), 'thread-lost')
  const waiting = failure(bad.call('count'), 'closed')
  await within(bad.guest.close(), 'closing')
  await waiting
  await failure(bad.call('count'), 'closed')
})

claim('a thread that is late, and answers when it is asked, lives on', async ({ executor, load }) => {
  const bad = await load('bad')
  // It pauses for longer than the grace period, but not for two
  await failure(bad.call('pause', { timeout: 20 }), 'deadline')
  assert.deepEqual(executor.stats.threads, { started: 1, lost: 0, unended: 0 })
})

claim('a host that is busy for longer than all of that takes no thread for dead', async ({ executor, load }) => {
  const good = await load('good')
  const calls = [failure(good.call('loop', { timeout: 20 }), 'deadline'), failure(good.call('loop', { timeout: 60 }), 'deadline')]
  await sleep(10)
  busy(GRACE * 2 + 200)
  await Promise.all(calls)
  await sleep(10)
  busy(GRACE * 2 + 200)
  assert.deepEqual(await good.call('count'), [1])
  assert.deepEqual(executor.stats.threads, { started: 1, lost: 0, unended: 0 })
})

claim('closing ends a module whose thread does not answer', async ({ executor, load }) => {
  const bad = await load('bad')
  const call = failure(bad.call('block'), 'thread-lost')
  await within(bad.guest.close(), 'closing')
  await call
  assert.equal(executor.stats.threads?.lost, 1)
})

const endless: Transport[] = []
claim(
  'a thread that cannot be ended is counted as such and left alone, and its modules come back on another',
  async ({ executor, load }) => {
    const bad = await load('bad')
    await failure(bad.call('block', { timeout: 20 }), 'thread-lost')
    assert.deepEqual(await bad.call('count'), [1])
    for (let waited = 0; executor.stats.threads?.unended === 0 && waited < 5_000; waited += 20) await sleep(20)
    assert.deepEqual(executor.stats.threads, { started: 2, lost: 1, unended: 1 })
  },
  (listener) => {
    const transport = workerTransport(ENTRY)(listener)
    endless.push(transport)
    return { ...transport, terminate: () => new Promise(() => undefined) }
  },
)
test.after(() => Promise.all(endless.map((transport) => transport.terminate())))

test('a thread that cannot be started is an error of loading', async () => {
  const executor = new ThreadsExecutor(1, { maxConcurrent: 1, maxQueue: 1, slice: 1, totalMemoryLimit: 1 << 30 }, () => {
    throw new Error('no thread left')
  })
  const error = await failure(load(executor, 'm', { source: MODULE }), 'thread-lost')
  assert.equal(error.name, 'LoadError')
  assert.match(error.message, /no thread left/)
})

test('a thread whose code cannot be run is an error of loading, and no reason to start it again and again', async () => {
  const executor = new ThreadsExecutor(
    1,
    { maxConcurrent: 1, maxQueue: 1, slice: 1, totalMemoryLimit: 1 << 30 },
    workerTransport(new URL('./nowhere.ts', import.meta.url)),
    GRACE,
  )
  const error = await failure(load(executor, 'm', { source: MODULE }), 'thread-lost')
  assert.equal(error.name, 'LoadError')
  await executor.close()
  assert.equal(executor.stats.threads?.started, 1)
})
