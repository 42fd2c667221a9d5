/** Several instances of a module: calls at a time, and instances made ahead. */
import assert from 'node:assert/strict'
import type { Lease } from '../../src/index.ts'
import { behaviour, differs, failure, fixture, hostCalls, type Mode, nextTurn, sleep } from '../support/host.ts'

const PAGE = 65_536

export function instances(mode: Mode): void {
  behaviour('`instances: 2` has two leases at a time, each with a state of its own; a third waits', async (bench) => {
    const module = await bench.load('counter', { instances: 2 })
    const events: string[] = []
    const hold = (name: string, ms: number) =>
      module.use(async (instance) => {
        events.push(`${name} has it`)
        assert.deepEqual(await instance.call('increment'), [1], name)
        await sleep(ms)
        events.push(`${name} is done`)
      })
    const first = hold('first', 40)
    const second = hold('second', 80)
    const third = module.use(async (instance) => {
      events.push('third has it')
      assert.deepEqual(await instance.call('count'), [1], 'it has what the first gave back')
    })
    await Promise.all([first, second, third])
    assert.deepEqual(events, ['first has it', 'second has it', 'first is done', 'third has it', 'second is done'])
    assert.equal(module.stats.restarts, 0)
  })

  differs(
    mode,
    [
      'a call passes one of the same module that runs in another instance',
      async (bench) => {
        const module = await bench.load('infinite_loop', { instances: 2, host: { execTimeout: 200 } })
        const endless = failure(module.call('loop'), 'deadline')
        await nextTurn()
        assert.deepEqual(await module.call('ready', [], { timeout: 150 }), [1])
        assert.equal(module.stats.calls, 1, 'the endless one goes on')
        await endless
      },
    ],
    [
      'a call that runs holds the thread, whatever the number of instances',
      async (bench) => {
        const module = await bench.load('infinite_loop', { instances: 2, host: { execTimeout: 20 } })
        const endless = failure(module.call('loop'), 'deadline')
        await nextTurn()
        assert.equal(module.stats.calls, 1)
        await endless
        assert.deepEqual(await module.call('ready'), [1])
      },
    ],
  )

  behaviour('one that is stopped leaves the others alone, and is replaced', async (bench) => {
    const module = await bench.load('counter', { instances: 2, host: { execTimeout: 5_000 } })
    await module.use(async (kept) => {
      await kept.call('increment')
      await failure(module.call('increment_and_loop', [], { timeout: 20 }), 'deadline')
      assert.deepEqual(await kept.call('increment'), [2])
      assert.deepEqual(await module.call('increment'), [1])
    })
    assert.equal(module.stats.restarts, 1)
    assert.equal(module.stats.generation, 3)
  })

  behaviour('all are there once the module is loaded: `setup` has run on each, and `memorySize` is that of all', async (bench) => {
    let readied = 0
    const module = await bench.load('(module (memory 2) (func (export "f")))', { instances: 3, setup: () => void readied++ })
    assert.equal(readied, 3)
    assert.equal(module.memorySize, 6 * PAGE)
    assert.deepEqual([module.stats.generation, module.stats.restarts], [3, 0])
  })

  behaviour('if one of them cannot be made, the module is not loaded', async (bench) => {
    const host = bench.host({ execTimeout: 5_000 })
    let readied = 0
    const setup = () => {
      if (++readied === 2) throw new Error('not this one')
    }
    const error = await failure(host.loadModule('plugin', fixture('counter'), { instances: 3, setup }), 'start-failed')
    assert.equal(readied, 2)
    assert.match(error.message, /not this one/)
    await host.loadModule('plugin', fixture('counter'), { instances: 3 })
  })

  behaviour('closing the host while they are made ends that', async (bench) => {
    const host = bench.host({ execTimeout: 5_000 })
    let readied = 0
    const setup = async () => {
      readied++
      await sleep(5)
    }
    const loading = failure(host.loadModule('plugin', fixture('counter'), { instances: 100, setup }), 'closed')
    await sleep(20)
    await host.close()
    await loading
    assert.ok(readied < 50, `${readied}`)
    await sleep(20)
  })

  behaviour('while one of them is left, a module that fails to restart is not broken', async (bench) => {
    let failing = false
    const setup = () => {
      if (failing) throw new Error('no more')
    }
    const module = await bench.load('counter', { instances: 2, setup, host: { execTimeout: 5_000 } })
    failing = true
    await failure(module.call('increment_and_loop', [], { timeout: 5 }), 'deadline')
    for (let call = 1; call <= 3; call++) assert.deepEqual(await module.call('increment'), [call])
    await failure(module.call('increment_and_loop', [], { timeout: 5 }), 'deadline')
    await failure(module.call('increment'), 'broken')
  })

  behaviour('what all of them fail to restart by at a time is one failure of the module, with the first back-off', async (bench) => {
    let failing = false
    const setup = async () => {
      await nextTurn()
      if (failing) throw new Error('no more')
    }
    const module = await bench.load('infinite_loop', { instances: 16, setup, host: { execTimeout: 5_000 } })
    failing = true
    const holding = Array.from({ length: 16 }, () => module.use(() => new Promise(() => undefined), { timeout: 20 }))
    await Promise.all(holding.map((lease) => failure(lease, 'lease-timeout')))
    const waiting = Array.from({ length: 3 }, () => failure(module.call('ready'), 'broken'))
    for (const { figures } of await Promise.all(waiting)) {
      assert.equal(figures.failures, 3)
      assert.ok((figures.retryIn as number) <= 100, `${figures.retryIn}`)
    }
  })

  behaviour('one that is lost in the very moment in which another is readied has one successor', async (bench) => {
    for (let moment = 0; moment < 8; moment++) {
      const readied: (() => void)[] = []
      let isSlow = false
      const setup = () => (isSlow ? new Promise<void>((resolve) => readied.push(resolve)) : undefined)
      const module = await bench.load('traps', { instances: 2, setup })
      isSlow = true
      await failure(module.call('unreachable'), 'trap')
      while (readied.length < 1) await nextTurn()
      readied[0]?.()
      for (let step = 0; step < moment; step++) await Promise.resolve()
      await failure(() => module.callSync('unreachable'), 'trap')
      for (let turn = 0; turn < 4; turn++) {
        await nextTurn()
        for (const resolve of readied) resolve()
      }
      assert.equal(module.stats.generation, 4, `${moment}`)
    }
  })

  behaviour('closing ends the calls of all of them', async (bench) => {
    const module = await bench.load('counter', { instances: 3, host: { execTimeout: 5_000 } })
    const held = [1, 2, 3].map(() =>
      failure(
        module.use(() => new Promise(() => undefined)),
        'closed',
      ),
    )
    const waiting = failure(module.call('increment'), 'closed')
    await nextTurn()
    await module.close()
    await Promise.all([...held, waiting])
    assert.equal(module.memorySize, 0)
  })

  behaviour('a host function that calls back gets the instance that called it, not another', async (bench) => {
    const text = `(module (import "h" "f" (func $f)) (global $n (mut i32) (i32.const 0))
      (func (export "outer") (result i32) (global.set $n (i32.const 7)) (call $f) (global.get $n))
      (func (export "inner") (result i32) (global.set $n (i32.add (global.get $n) (i32.const 1))) (global.get $n)))`
    const seen: unknown[] = []
    const module = await bench.load(text, { instances: 2, imports: { h: { f: () => void seen.push(module.callSync('inner')) } } })
    assert.deepEqual(await module.call('outer'), [8])
    assert.deepEqual(module.callSync('outer'), [8])
    assert.deepEqual(seen, [[8], [8]])
  })

  behaviour("with `reuse: 'never'` instances are readied ahead: a call does not wait for `setup`", async (bench) => {
    const events: string[] = []
    const setup = async (instance: Lease) => {
      await instance.call('nested')
      await sleep(5)
      events.push('ready')
    }
    const module = await bench.load('host_calls', { reuse: 'never', setup, imports: hostCalls({ log: () => undefined }) })
    await sleep(20)
    events.length = 0
    await module.call('nested')
    events.push('called')
    for (let turn = 0; events.length < 2 && turn < 100; turn++) await sleep(5)
    assert.deepEqual(events, ['called', 'ready'])
    await module.call('nested')
    assert.deepEqual(events, ['called', 'ready'])
  })

  behaviour("with `reuse: 'never'` the next instance is readied while a call runs", async (bench) => {
    let readied = 0
    const module = await bench.load('counter', { reuse: 'never', setup: () => void readied++ })
    await module.use(async () => {
      for (let turn = 0; readied < 2 && turn < 1_000; turn++) await sleep(1)
      assert.equal(readied, 2)
    })
  })

  behaviour("with `reuse: 'never'` no more calls run at a time than there are `instances`", async (bench) => {
    const module = await bench.load('counter', { reuse: 'never', instances: 2 })
    let running = 0
    let most = 0
    const hold = () =>
      module.use(async (instance) => {
        most = Math.max(most, ++running)
        assert.deepEqual(await instance.call('increment'), [1])
        await sleep(5)
        running--
      })
    await Promise.all(Array.from({ length: 6 }, hold))
    assert.equal(most, 2)
  })

  behaviour("with `reuse: 'never'` and `maxQueue: 0` a call that waits for its turn alone is not refused", async (bench) => {
    const module = await bench.load('counter', { reuse: 'never', host: { maxQueue: 0, slice: 0.05 } })
    for (let n = 0; n < 500; n++) assert.deepEqual(await module.call('increment'), [1])
  })

  behaviour('`instances` is a whole number, 1 or more', async (bench) => {
    for (const instances of [0, -1, 1.5, Number.NaN, '2']) {
      const error = await failure(bench.load('add', { instances: instances as number }), 'invalid-option')
      assert.match(error.message, /`instances` takes a whole number, 1 or more/)
    }
  })
}
