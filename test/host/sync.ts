/** `callSync`: at once or not at all. */
import assert from 'node:assert/strict'
import { UsageError } from '../../src/index.ts'
import { behaviour, differs, facts, failure, fixture, hostCalls, type Mode, nextTurn, sleep } from '../support/host.ts'

export function sync(mode: Mode): void {
  behaviour('`callSync` returns the results themselves', async (bench) => {
    const module = await bench.load('types')
    assert.deepEqual(module.callSync('swap', [1, 2n]), [2n, 1])
    assert.deepEqual(module.callSync('nothing'), [])
  })

  behaviour('`callSync` and `call` see the same instance', async (bench) => {
    const module = await bench.load('counter')
    assert.deepEqual(module.callSync('increment'), [1])
    assert.deepEqual(await module.call('increment'), [2])
    assert.deepEqual(module.callSync('increment'), [3])
    assert.equal(module.stats.outcomes.ok, 3)
  })

  behaviour('`callSync` enforces the deadline, which counts from the moment it is called', async (bench) => {
    const module = await bench.load('infinite_loop', { host: { execTimeout: 20 } })
    await sleep(30)
    const began = performance.now()
    const error = await failure(() => module.callSync('loop'), 'deadline')
    assert.ok(performance.now() - began >= 19)
    assert.deepEqual(facts(error), { code: 'deadline', module: 'infinite_loop', function: 'loop', phase: 'running', ran: true })
    assert.ok((error.figures.elapsed as number) >= 20 && (error.figures.elapsed as number) < 1_000)
    assert.deepEqual(module.callSync('ready', [], { timeout: 20 }), [1])
  })

  behaviour('`callSync` without any limit is refused, unless `timeout: Infinity` is written out', async (bench) => {
    const module = await bench.load('counter', { host: {} })
    for (const options of [undefined, {}, { timeout: 0 }, { cpuTimeout: 0 }]) {
      const error = await failure(() => module.callSync('increment', [], options), 'unbounded')
      assert.ok(error instanceof UsageError)
      assert.match(error.message, /\(function "increment", module "counter"\)\. Pass a `timeout`, or `timeout: Infinity`/)
    }
    assert.deepEqual(module.callSync('increment', [], { timeout: Number.POSITIVE_INFINITY }), [1])
    assert.deepEqual(module.callSync('increment', [], { timeout: 100 }), [2])
    assert.deepEqual(module.callSync('increment', [], { cpuTimeout: 100 }), [3])
    assert.deepEqual((await bench.load('counter', { host: { cpuTimeout: 100 } })).callSync('increment'), [1])
  })

  behaviour("`callSync` with `timeout: Infinity` still has its module's limit", async (bench) => {
    const module = await bench.load('infinite_loop', { host: { execTimeout: 20 } })
    assert.equal((await failure(() => module.callSync('loop', [], { timeout: Number.POSITIVE_INFINITY }), 'deadline')).figures.timeout, 20)
  })

  differs(
    mode,
    [
      'an instance whose guest is suspended is busy',
      async (bench) => {
        const module = await bench.load('infinite_loop')
        const called = failure(module.call('loop', [], { timeout: 60 }), 'deadline')
        const error = await failure(() => module.callSync('ready'), 'busy')
        assert.deepEqual(facts(error), { code: 'busy', module: 'infinite_loop', function: 'ready', phase: 'queued', ran: false })
        await sleep(10)
        await failure(() => module.callSync('ready'), 'busy')
        await called
        assert.deepEqual(module.callSync('ready'), [1])
      },
    ],
    [
      'an instance whose call has ended, but has not told yet, is not harmed by a `callSync`: busy or done',
      async (bench) => {
        const module = await bench.load('counter')
        const called = module.call('increment')
        try {
          module.callSync('increment')
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'busy')
        }
        assert.deepEqual(await called, [1])
      },
    ],
  )

  behaviour('an instance that other calls wait for is busy, and a leased one is', async (bench) => {
    const module = await bench.load('counter')
    await module.use(async () => {
      await failure(() => module.callSync('increment'), 'busy')
    })
    const first = module.use(() => nextTurn())
    const waiting = module.call('increment')
    await failure(() => module.callSync('increment'), 'busy')
    await first
    assert.deepEqual(await waiting, [1])
    assert.deepEqual(module.callSync('increment'), [2])
  })

  behaviour('another module is not busy because one is', async (bench) => {
    const host = bench.host({ execTimeout: 5_000 })
    const [a, b] = [await host.loadModule('a', fixture('counter')), await host.loadModule('b', fixture('counter'))]
    await a.use(async () => {
      assert.deepEqual(b.callSync('increment'), [1])
    })
  })

  behaviour('a trap, and what a host function throws, come out of `callSync` as errors too', async (bench) => {
    const traps = await bench.load('traps')
    await failure(() => traps.callSync('unreachable'), 'trap')
    assert.deepEqual(traps.callSync('ok'), [7])
    const reason = new Error('no')
    const host = await bench.load('host_calls', {
      imports: hostCalls({
        log: () => {
          throw reason
        },
      }),
    })
    assert.equal((await failure(() => host.callSync('log', [1]), 'host-function')).cause, reason)
  })

  behaviour('`callSync` refuses what `call` refuses, and a closed module', async (bench) => {
    const module = await bench.load('add')
    await failure(() => module.callSync('nope'), 'no-such-function')
    await failure(() => module.callSync('add', [1]), 'bad-argument')
    await failure(() => module.callSync('add', [1, '2']), 'bad-argument')
    await failure(() => module.callSync('add', [1, 2], { timeout: -1 }), 'invalid-option')
    await module.close()
    await failure(() => module.callSync('add', [1, 2]), 'closed')
  })
}
