/** Start functions and `setup`: what runs on an instance before any call gets it. */
import assert from 'node:assert/strict'
import { type CurfewError, type Lease, LoadError } from '../../src/index.ts'
import { behaviour, differs, failure, fixture, hostCalls, type Mode, sleep } from '../support/host.ts'

export function starting(mode: Mode): void {
  behaviour('the start function has run, once per instance, before the first call', async (bench) => {
    const module = await bench.load('start_ok')
    assert.deepEqual(await module.call('started'), [42])
    assert.deepEqual(await module.call('started'), [42])
    assert.deepEqual(await (await bench.load('start_ok', { reuse: 'never' })).call('started'), [42])
  })

  behaviour('an endless start function is refused at `startTimeout`, and the name is free again', async (bench) => {
    const host = bench.host({ execTimeout: 5_000 })
    const error = await failure(host.loadModule('plugin', fixture('start_loop'), { startTimeout: 30 }), 'start-timeout')
    assert.ok(error instanceof LoadError)
    assert.equal(error.module, 'plugin')
    assert.equal(error.figures.timeout, 30)
    assert.ok((error.figures.elapsed as number) >= 30 && (error.figures.elapsed as number) < 1_000)
    assert.match(error.message, /not done within 30 ms \(module "plugin"\)\. Raise `startTimeout`/)
    assert.equal(host.modules.size, 0)
    await host.loadModule('plugin', fixture('add'))
  })

  differs(
    mode,
    [
      'the event loop stays live while a start function loops',
      async (bench) => {
        let ticks = 0
        const timer = setInterval(() => ticks++, 2)
        await failure(bench.host().loadModule('plugin', fixture('start_loop'), { startTimeout: 100 }), 'start-timeout')
        clearInterval(timer)
        assert.ok(ticks >= 5, `${ticks} ticks`)
      },
    ],
    [
      'a start function that loops holds the event loop to `startTimeout`',
      async (bench) => {
        const began = performance.now()
        await failure(bench.host().loadModule('plugin', fixture('start_loop'), { startTimeout: 30 }), 'start-timeout')
        assert.ok(performance.now() - began < 1_000)
      },
    ],
  )

  behaviour('a start function that traps is a load error, whose cause has the trap', async (bench) => {
    const error = await failure(bench.load('(module (func $start unreachable) (start $start))'), 'start-failed')
    assert.ok(error instanceof LoadError)
    assert.match(error.message, /the guest trapped: unreachable/)
    assert.equal((error.cause as { code?: string }).code, 'trap')
    assert.equal(error.ran, true)
  })

  behaviour('a start function that recurses for ever is a load error too', async (bench) => {
    const error = await failure(bench.load('(module (func $start (call $start) (call $start)) (start $start))'), 'start-failed')
    assert.equal((error.cause as { code?: string }).code, 'stack-overflow')
  })

  behaviour('host functions work in a start function', async (bench) => {
    const logged: number[] = []
    const text = '(module (import "env" "log" (func $log (param i32))) (func $start (call $log (i32.const 7))) (start $start) (func (export "run")))'
    const module = await bench.load(text, { imports: { env: { log: (value: number) => logged.push(value) } } })
    await module.call('run')
    assert.deepEqual(logged, [7])
  })

  behaviour('`setup` runs on each new instance, before any call gets it', async (bench) => {
    const setup = async (instance: Lease) => {
      await sleep(2)
      await instance.call('increment')
      await instance.write(0, Uint8Array.of(9))
    }
    const module = await bench.load('counter', { setup })
    assert.deepEqual(await module.call('count'), [1])
    assert.deepEqual(await module.call('stored'), [9])
    await module.call('increment')
    await failure(module.call('increment_and_loop', [], { timeout: 30 }), 'deadline')
    assert.deepEqual(await module.call('count'), [1])
  })

  behaviour('the lease of `setup` is stale when it has ended', async (bench) => {
    let kept: Lease | undefined
    const module = await bench.load('counter', {
      setup: (instance) => {
        kept = instance
      },
    })
    await failure((kept as Lease).call('increment'), 'stale')
    assert.deepEqual(await module.call('increment'), [1])
  })

  behaviour('a `setup` that throws, or whose call traps, is a load error with that as its cause', async (bench) => {
    const reason = new Error('no set-up')
    const thrown = await failure(
      bench.load('counter', {
        setup: () => {
          throw reason
        },
      }),
      'start-failed',
    )
    assert.equal(thrown.cause, reason)
    assert.match(thrown.message, /no set-up/)
    for (const cause of [reason, null, undefined]) {
      const rejected = await failure(bench.load('counter', { setup: () => Promise.reject(cause) }), 'start-failed')
      assert.equal(rejected.cause, cause)
    }
    const trapped = await failure(bench.load('traps', { setup: (instance) => instance.call('unreachable') }), 'start-failed')
    assert.equal((trapped.cause as { code?: string }).code, 'trap')
  })

  behaviour('a `setup` whose guest loops ends at `startTimeout`', async (bench) => {
    const began = performance.now()
    const error = await failure(
      bench.load('infinite_loop', { host: { execTimeout: 3_000 }, startTimeout: 30, setup: (instance) => instance.call('loop') }),
      'start-timeout',
    )
    assert.ok(performance.now() - began < 2_000)
    assert.equal(error.figures.timeout, 30)
  })

  behaviour('a `setup` that never settles ends at `startTimeout`', async (bench) => {
    const error = await failure(bench.load('infinite_loop', { startTimeout: 20, setup: () => new Promise(() => undefined) }), 'start-timeout')
    assert.equal(error.figures.timeout, 20)
  })

  behaviour('start function and `setup` share one `startTimeout`', async (bench) => {
    const text = '(module (import "env" "log" (func $log (param i32))) (func $start (call $log (i32.const 7))) (start $start))'
    const log = () => {
      const end = performance.now() + 30
      while (performance.now() < end);
    }
    await failure(bench.load(text, { startTimeout: 50, setup: () => new Promise(() => undefined), imports: { env: { log } } }), 'start-timeout')
  })

  behaviour('a phase says that it was starting', async (bench) => {
    const error = await failure(bench.host().loadModule('plugin', fixture('start_loop'), { startTimeout: 10 }), 'start-timeout')
    assert.ok(error.phase === 'starting' || error.phase === 'suspended', error.phase)
    assert.equal(error.ran, true)
  })

  behaviour('`setup` may use host functions, and `callSync`', async (bench) => {
    const logged: number[] = []
    const setup = (instance: Lease) => void instance.callSync('log', [3])
    const module = await bench.load('host_calls', { setup, imports: hostCalls({ log: (value) => logged.push(value) }) })
    assert.deepEqual(logged, [3])
    await module.call('log', [4])
    assert.deepEqual(logged, [3, 4])
  })

  behaviour("`setup` that traps fails the load and says so, also with `restart: 'never'`", async (bench) => {
    const host = bench.host({ execTimeout: 5_000 })
    for (const restart of ['always', 'never'] as const) {
      const setup = (lease: Lease) => lease.call('unreachable')
      const error = await failure(host.loadModule('plugin', fixture('traps'), { restart, setup }), 'start-failed')
      assert.equal((error.cause as CurfewError).code, 'trap')
    }
    await host.loadModule('plugin', fixture('traps'))
  })
}
