/** Functions of the host that a guest calls. */
import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { HostFunctionError, type Module } from '../../src/index.ts'
import { withFakeClock } from '../support/fake-clock.ts'
import { behaviour, busy, failure, fixture, hostCalls, nextTurn, sleep } from '../support/host.ts'
import { wat } from '../support/wat.ts'

/** Calls the host in a loop, inside `catch_all`, entered again whenever something is caught. */
const SWALLOWING = `(module
  (import "env" "log" (func $log (param i32)))
  (func (export "run")
    (loop $again
      (block $caught
        (try_table (catch_all $caught)
          (loop $forever (call $log (i32.const 1)) (br $forever))))
      (call $log (i32.const 2))
      (br $again))))`

/** Calls the host, works for longer than a slice, and calls it again. */
const LOGS_TWICE = `(module
  (import "env" "log" (func $log (param i32)))
  (func $run (export "run") (local $rounds i32)
    (call $log (i32.const 1))
    (loop $again (br_if $again (i32.lt_u (local.tee $rounds (i32.add (local.get $rounds) (i32.const 1))) (i32.const 5000000))))
    (call $log (i32.const 2)))
  (elem declare func $run)
  (func (export "get") (result funcref) (ref.func $run)))`

export function hostFunctions(): void {
  behaviour('a host function gets its arguments and its result gets to the guest', async (bench) => {
    const text =
      '(module (import "env" "f" (func $f (param i32 i64 f64) (result i64))) (func (export "run") (result i64) (call $f (i32.const -1) (i64.const 5) (f64.const 0.5))))'
    const seen: unknown[] = []
    const f = (...args: unknown[]) => {
      seen.push(args)
      return 7n
    }
    const module = await bench.load(text, { imports: { env: { f } } })
    assert.deepEqual(await module.call('run'), [7n])
    assert.deepEqual(seen, [[-1, 5n, 0.5]])
  })

  behaviour('what a host function throws is the cause of the error, whatever it is', async (bench) => {
    for (const reason of [new Error('no'), 'a string', undefined, null, { code: 5 }, new WebAssembly.RuntimeError('made by hand')]) {
      const callback = () => {
        throw reason
      }
      const module = await bench.load('host_calls', { imports: hostCalls({ callback }) })
      const error = await failure(module.call('callback'), 'host-function')
      assert.ok(error instanceof HostFunctionError)
      assert.equal(error.cause, reason)
      assert.equal(error.ran, true)
      assert.equal(error.function, 'callback')
      await module.call('nested')
    }
  })

  behaviour('what nobody can look at is a cause like any other, and is said to be that', async (bench) => {
    const fail = () => {
      throw new Error('do not look')
    }
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    const unreadable = [
      proxy,
      new Proxy(new Error('x'), { get: fail, getPrototypeOf: fail }),
      Object.defineProperty(new Error('x'), 'message', { get: fail }),
      Object.assign(new Error('x'), { name: Symbol('no text') }),
      Object.defineProperty({}, Symbol.toStringTag, { get: fail }),
    ]
    for (const reason of unreadable) {
      const callback = () => {
        throw reason
      }
      const module = await bench.load('host_calls', { imports: hostCalls({ callback }) })
      const error = await failure(module.call('callback'), 'host-function')
      assert.ok(error.cause === reason)
      assert.match(error.message, /a host function threw (.*something that cannot be read|an object)/)
      assert.deepEqual(module.stats.outcomes, { 'host-function': 1 })
    }
  })

  behaviour('an error of Curfew that a host function throws is a cause like any other', async (bench) => {
    const other = await bench.load('infinite_loop', { host: { execTimeout: 5_000 } })
    for (const [attempt, code] of [
      [() => other.callSync('nope'), 'no-such-function'],
      [() => other.callSync('loop', [], { timeout: 5 }), 'deadline'],
    ] as const) {
      const module = await bench.load('host_calls', { imports: hostCalls({ callback: attempt }) })
      const error = await failure(module.call('callback'), 'host-function')
      assert.equal((error.cause as { code?: string }).code, code)
      assert.equal(error.module, 'host_calls')
      assert.deepEqual(module.stats.outcomes, { 'host-function': 1 })
    }
  })

  behaviour('a guest may catch what a host function throws, and go on', async (bench) => {
    const callback = () => {
      throw new Error('caught')
    }
    const module = await bench.load('host_calls', { imports: hostCalls({ callback }) })
    assert.deepEqual(await module.call('callback_catching'), [-1])
    assert.equal(module.stats.restarts, 0)
  })

  behaviour('an exception that was caught is not blamed for a later trap', async (bench) => {
    const text = `(module (import "env" "f" (func $f))
      (func (export "run") (block $caught (try_table (catch_all $caught) (call $f))) unreachable))`
    const f = () => {
      throw new Error('caught')
    }
    const module = await bench.load(text, { imports: { env: { f } } })
    await failure(module.call('run'), 'trap')
  })

  behaviour("a promise that no guest can wait for is refused, and a rejection of it is nobody's problem", async (bench) => {
    for (const callback of [() => Promise.resolve(1), () => Promise.reject(new Error('late'))]) {
      const module = await bench.load('host_calls', { imports: hostCalls({ callback }) })
      const error = await failure(() => module.callSync('callback', [], { timeout: 1_000 }), 'host-function')
      assert.match(error.message, /returned a promise, but (a guest that runs in `callSync`|this engine cannot suspend the guest)/)
      await nextTurn()
    }
  })

  behaviour('a host function whose result is not of its type ends the call with an error that says so', async (bench) => {
    const text = '(module (import "env" "f" (func $f (result i64))) (func (export "run") (result i64) (call $f)))'
    const module = await bench.load(text, { imports: { env: { f: () => 5 } } })
    const error = await failure(module.call('run'), 'host-function')
    assert.match(error.message, /TypeError/)
    assert.ok(error.cause instanceof TypeError)
  })

  behaviour('a host function may call another module, within the budget of its caller', async (bench) => {
    const host = bench.host({ execTimeout: 5_000 })
    const [add, spinner] = [await host.loadModule('add', fixture('add')), await host.loadModule('spinner', fixture('infinite_loop'))]
    const summing = await host.loadModule('summing', fixture('host_calls'), { imports: hostCalls({ callback: () => add.callSync('add', [2, 3])[0] }) })
    assert.deepEqual(await summing.call('callback'), [6])
    assert.deepEqual(summing.callSync('callback'), [6])
    const looping = await host.loadModule('looping', fixture('host_calls'), { imports: hostCalls({ callback: () => spinner.callSync('loop') }) })
    const began = performance.now()
    const error = await failure(looping.call('callback', [], { timeout: 20 }), 'deadline')
    assert.equal(error.module, 'looping')
    assert.ok(performance.now() - began < 1_000)
    assert.deepEqual(await spinner.call('ready'), [1])
  })

  behaviour('a call of another module that a host function makes runs after its caller', async (bench) => {
    // In one slice, however slow the machine is
    const host = bench.host({ execTimeout: 5_000, slice: 5_000 })
    const order: string[] = []
    const other = await host.loadModule('other', fixture('host_calls'), { imports: hostCalls({ log: () => order.push('other') }) })
    const pending: Promise<unknown>[] = []
    const log = () => {
      pending.push(other.call('log', [1]))
      order.push('caller')
    }
    const module = await host.loadModule('caller', fixture('host_calls'), { imports: hostCalls({ log }) })
    await module.call('log_twice', [1])
    await Promise.all(pending)
    assert.deepEqual(order, ['caller', 'caller', 'other', 'other'])
  })

  behaviour('after a stop no host function runs, though the guest catches all it can', async (bench) => {
    const logged: number[] = []
    const module = await bench.load(SWALLOWING, { host: { execTimeout: 20 }, imports: { env: { log: (value: number) => logged.push(value) } } })
    await failure(module.call('run'), 'deadline')
    assert.equal(logged.includes(2), false, 'the guest caught its stop')
    const atStop = logged.length
    await sleep(10)
    assert.equal(logged.length, atStop)
  })

  behaviour('a deadline that passes in a host function ends the guest as it returns, or throws', async (bench) => {
    for (const end of [() => 1, () => assert.fail('thrown late')]) {
      const logged: number[] = []
      const log = (value: number) => {
        logged.push(value)
        busy(60)
        end()
      }
      const module = await bench.load(SWALLOWING, { host: { execTimeout: 40 }, imports: { env: { log } } })
      const error = await failure(module.call('run'), 'deadline')
      assert.equal(error.phase, 'host')
      assert.deepEqual(logged, [1])
    }
  })

  behaviour('time that passes in host functions is not forgotten: a guest polls after it', async (bench) => {
    await withFakeClock(async (clock) => {
      const now = () => {
        clock.advance(1)
        return clock.time
      }
      const module = await bench.load('host_calls', { host: { execTimeout: 10 }, imports: hostCalls({ now }) })
      assert.deepEqual(await module.call('wait_until', [8]), [8])
      await failure(module.call('wait_until', [1_000]), 'deadline')
      assert.equal(clock.time, 18)
    })
  })

  behaviour('a host function is called without a `this`', async (bench) => {
    let self: unknown = 'not called'
    const log = function (this: unknown) {
      self = this
    }
    const module = await bench.load('host_calls', { imports: hostCalls({ log }) })
    await module.call('log', [1])
    assert.equal(self, undefined)
  })

  behaviour('a host function sees the async context in which the call was made, whosever end or turn let the call begin', async (bench) => {
    const maker = new AsyncLocalStorage<string>()
    const seen: unknown[] = []
    const imports = hostCalls({ log: () => seen.push(maker.getStore()) })
    const host = bench.host({ execTimeout: 5_000 })
    const [module, other] = await Promise.all(['module', 'other'].map((name) => host.loadModule(name, wat(LOGS_TWICE), { imports })))
    const made = (by: string, call: () => Promise<unknown>) => maker.run(by, call)
    const [log] = (await (module as Module).call('get')) as [() => Promise<unknown>]
    await Promise.all([
      made('at once', () => (module as Module).call('run')),
      made('behind another', () => (module as Module).call('run')),
      made('behind another, as a function that the guest returned', log),
      made('in a turn that is used up', () => (other as Module).call('run')),
    ])
    await Promise.all([
      (module as Module).use((instance) => Promise.all([made('step', () => instance.call('run')), made('step behind it', () => instance.call('run'))])),
      (other as Module).use((instance) => made('step in a turn that is used up', () => instance.call('run'))),
    ])
    assert.deepEqual(count(seen), {
      'at once': 2,
      'behind another': 2,
      'behind another, as a function that the guest returned': 2,
      'in a turn that is used up': 2,
      step: 2,
      'step behind it': 2,
      'step in a turn that is used up': 2,
    })
  })
}

function count(values: readonly unknown[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const value of values) counts[String(value)] = (counts[String(value)] ?? 0) + 1
  return counts
}
