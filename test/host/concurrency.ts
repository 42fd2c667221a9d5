/** Calls of one module made at the same time: one after another, never one inside another. */
import assert from 'node:assert/strict'
import { withFakeClock } from '../support/fake-clock.ts'
import { behaviour, busy, differs, failure, fixture, hostCalls, type Mode, nextTurn, within } from '../support/host.ts'

/** Notes when a second call enters while the first is inside; stays inside for so many rounds. */
const TELLTALE = `(module
  (global $inside (mut i32) (i32.const 0))
  (global $reentered (mut i32) (i32.const 0))
  (func (export "stay") (param $rounds i32) (result i32)
    (if (global.get $inside) (then (global.set $reentered (i32.const 1))))
    (global.set $inside (i32.const 1))
    (loop $again
      (local.set $rounds (i32.sub (local.get $rounds) (i32.const 1)))
      (br_if $again (i32.gt_s (local.get $rounds) (i32.const 0))))
    (global.set $inside (i32.const 0))
    (global.get $reentered))
  (func (export "loop") (loop $forever (br $forever))))`

export function concurrency(mode: Mode): void {
  behaviour('calls whose time is up before their turn comes are all rejected, however many they are', async (bench) => {
    const module = await bench.load('counter', { maxQueue: 20_000, host: { execTimeout: 5_000, maxQueue: 20_000 } })
    await module.call('increment')
    const calls = Array.from({ length: 10_000 }, () => module.call('increment', [], { timeout: 20 }))
    busy(50)
    const outcomes = (await within(Promise.allSettled(calls), 'rejecting them')).map((each) => (each.status === 'fulfilled' ? 'ok' : each.reason.code))
    const late = outcomes.filter((outcome) => outcome === 'deadline').length
    const { ok = 0, deadline } = module.stats.outcomes
    assert.deepEqual([late, deadline, ok - 1 + late], [deadline, late, calls.length])
    assert.ok(late > 9_000, `${late}`)
    await module.call('increment')
  })

  behaviour('ten calls of one module at once never enter it while another is inside', async (bench) => {
    const module = await bench.load(TELLTALE, { host: { execTimeout: 20_000, slice: 0.2 } })
    // Some 2 ms each: suspended several times in the middle, where the engine can
    const results = await Promise.all(Array.from({ length: 10 }, () => module.call('stay', [3_000_000])))
    assert.deepEqual(
      results,
      Array.from({ length: 10 }, () => [0]),
    )
    assert.equal(module.stats.outcomes.ok, 10)
  })

  behaviour('calls of one module run in the order they were made', async (bench) => {
    const order: number[] = []
    const module = await bench.load('host_calls', { imports: hostCalls({ log: (value) => order.push(value) }) })
    await Promise.all(Array.from({ length: 10 }, (_, at) => module.call('log', [at])))
    assert.deepEqual(order, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  behaviour('when the first of ten loops, the other nine still run, on the instance that replaces its own', async (bench) => {
    const module = await bench.load('counter', { host: { execTimeout: 5_000 } })
    const first = failure(module.call('increment_and_loop', [], { timeout: 30 }), 'deadline')
    const others = Array.from({ length: 9 }, () => module.call('increment'))
    await first
    assert.deepEqual(await Promise.all(others), [[1], [2], [3], [4], [5], [6], [7], [8], [9]])
    assert.equal(module.stats.generation, 2)
  })

  differs(
    mode,
    [
      'when the first of ten loops to the deadline of them all, the other nine say that they did not run',
      async (bench) => {
        const module = await bench.load('counter')
        const first = failure(module.call('increment_and_loop', [], { timeout: 40 }), 'deadline')
        const others = Array.from({ length: 9 }, () => failure(module.call('increment', [], { timeout: 20 }), 'deadline'))
        assert.equal((await first).ran, true)
        for (const error of await Promise.all(others)) {
          assert.equal(error.ran, false)
          assert.equal(error.phase, 'queued')
          assert.equal(error.figures.timeout, 20)
          assert.match(error.message, /deadline of 20 ms while it waited/)
        }
        assert.deepEqual(await module.call('count'), [0])
        assert.equal(module.stats.generation, 2, 'a call that is rejected while it waits harms no instance')
      },
    ],
    [
      'when the first of ten loops it holds the thread as it is called, and the other nine, called after it, run',
      async (bench) => {
        const module = await bench.load('counter', { host: { execTimeout: 40 } })
        const first = failure(module.call('increment_and_loop'), 'deadline')
        const others = Array.from({ length: 9 }, () => module.call('increment', [], { timeout: 20 }))
        await first
        assert.deepEqual(await Promise.all(others), [[1], [2], [3], [4], [5], [6], [7], [8], [9]])
      },
    ],
  )

  differs(
    mode,
    [
      'a call whose deadline passes while it waits is rejected then, not when its turn would come',
      async (bench) => {
        const module = await bench.load('infinite_loop', { host: { execTimeout: 1_000 } })
        const controller = bench.abortController()
        const runaway = failure(module.call('loop', [], { signal: controller.signal }), 'aborted')
        const error = await failure(module.call('ready', [], { timeout: 20 }), 'deadline')
        assert.ok((error.figures.elapsed as number) >= 20)
        controller.abort()
        assert.equal((await runaway).code, 'aborted')
      },
    ],
    [
      'a call whose deadline passes while a guest holds the event loop is rejected as soon as that ends',
      async (bench) => {
        const module = await bench.load('infinite_loop')
        let waiting: Promise<{ ran: boolean }> | undefined
        await module.use(async (instance) => {
          waiting = failure(module.call('ready', [], { timeout: 20 }), 'deadline')
          await failure(instance.call('loop', [], { timeout: 50 }), 'deadline')
        })
        assert.equal((await waiting)?.ran, false)
      },
    ],
  )

  behaviour('a call that traps does not end the calls that wait behind it', async (bench) => {
    const module = await bench.load('traps')
    const results = await Promise.allSettled([module.call('unreachable'), module.call('ok'), module.call('divide', [1, 0]), module.call('ok')])
    assert.deepEqual(
      results.map(({ status }) => status),
      ['rejected', 'fulfilled', 'rejected', 'fulfilled'],
    )
  })

  behaviour('beyond `maxQueue` calls are refused as overloaded, with both figures', async (bench) => {
    const host = bench.host({ execTimeout: 5_000, maxQueue: 2 })
    const module = await host.loadModule('counter', fixture('counter'))
    let all: Promise<unknown> | undefined
    await module.use(async () => {
      const waiting = [module.call('increment'), module.call('increment')]
      const error = await failure(module.call('increment'), 'overloaded')
      assert.deepEqual(error.figures, { queued: 2, limit: 2, retryAfter: 1 })
      assert.match(error.message, /^2 calls of this host are waiting already; it may be worth trying again after 1 ms/)
      assert.equal(error.ran, false)
      assert.equal(error.phase, 'queued')
      assert.match(error.message, /Try again later, or raise `maxConcurrent` or `maxQueue`/)
      waiting.push(Promise.resolve([error.name]))
      all = Promise.all(waiting)
    })
    assert.deepEqual(await all, [[1], [2], ['UsageError']])
  })

  behaviour("a module's own `maxQueue` bounds its calls, and leaves those of others alone", async (bench) => {
    const host = bench.host({ execTimeout: 5_000, maxQueue: 100 })
    const narrow = await host.loadModule('narrow', fixture('counter'), { maxQueue: 1 })
    const wide = await host.loadModule('wide', fixture('counter'))
    for (const module of [narrow, wide]) {
      let all: Promise<unknown> | undefined
      await module.use(async () => {
        const waiting = Array.from({ length: 3 }, () => module.call('increment'))
        const refused = module === narrow ? waiting.slice(1) : []
        for (const call of refused) {
          const error = await failure(call, 'overloaded')
          assert.deepEqual([error.figures.queued, error.figures.limit], [1, 1])
          assert.match(error.message, /^1 calls of this module are waiting already/)
        }
        all = Promise.allSettled(waiting)
      })
      await all
    }
    await narrow.call('increment')
  })

  behaviour('how long a refused call should wait follows from what calls took and how many wait', async (bench) => {
    await withFakeClock(async (clock) => {
      const module = await bench.load('host_calls', { maxQueue: 4, imports: hostCalls({ log: () => clock.advance(20) }) })
      await module.call('log', [1])
      await module.use(async () => {
        const waiting = Array.from({ length: 4 }, () => module.call('log', [1]))
        for (let refused = 0; refused < 20; refused++) {
          assert.equal((await failure(module.call('log', [1]), 'overloaded')).figures.retryAfter, 80, 'those that were refused took nothing, and do not count')
        }
        void Promise.allSettled(waiting)
      })
    })
  })

  behaviour('with `maxQueue: 0` a free module is called and leased, and a busy one refuses', async (bench) => {
    const host = bench.host({ execTimeout: 5_000, maxQueue: 0 })
    const module = await host.loadModule('counter', fixture('counter'))
    await nextTurn()
    assert.deepEqual(await module.call('increment'), [1])
    await nextTurn()
    await module.use(async (instance) => {
      assert.deepEqual(await instance.call('increment'), [2])
      await failure(module.call('increment'), 'overloaded')
    })
  })

  differs(
    mode,
    [
      'beyond `maxConcurrent` a call waits until another has ended',
      async (bench) => {
        const host = bench.host({ execTimeout: 5_000, maxConcurrent: 2 })
        const [a, b] = [await host.loadModule('a', fixture('infinite_loop')), await host.loadModule('b', fixture('infinite_loop'))]
        const c = await host.loadModule('c', fixture('infinite_loop'))
        const controller = bench.abortController()
        const both = [a, b].map((module) => failure(module.call('loop', [], { signal: controller.signal }), 'aborted'))
        for (let turn = 0; turn < 4; turn++) await nextTurn() // both have begun
        const refused = await failure(c.call('ready', [], { timeout: 20 }), 'deadline')
        assert.equal(refused.phase, 'queued')
        assert.equal(refused.ran, false)
        const waiting = c.call('ready')
        controller.abort()
        await Promise.all(both)
        assert.deepEqual(await waiting, [1])
      },
    ],
    [
      'calls never overlap, so that `maxConcurrent: 1` is enough for any number of modules',
      async (bench) => {
        const host = bench.host({ execTimeout: 5_000, maxConcurrent: 1 })
        const modules = await Promise.all(['a', 'b', 'c'].map((name) => host.loadModule(name, fixture('infinite_loop'))))
        assert.deepEqual(await Promise.all(modules.map((module) => module.call('ready'))), [[1], [1], [1]])
      },
    ],
  )
}
