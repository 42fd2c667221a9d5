/** Host functions that promise their result: the guest waits for it, suspended. */
import assert from 'node:assert/strict'
import { type Caller, currentCall, HostFunctionError, type LoadOptions, type Module } from '../../src/index.ts'
import { withFakeClock } from '../support/fake-clock.ts'
import { type Bench, behaviour, differs, failure, hostCalls, type Mode, nextTurn, sleep, within } from '../support/host.ts'
import { timePerTurn } from './scheduling.ts'

/** Never settles. */
const NEVER = () => new Promise<never>(() => undefined)

/** Calls an async function once, in a loop, and before a loop of its own; and catches all it can. */
const CALLER = `(module
  (import "env" "f" (func $f (param i32) (result i32)))
  (func (export "once") (param i32) (result i32) (i32.add (call $f (local.get 0)) (i32.const 100)))
  (func (export "for_ever") (loop $again (drop (call $f (i32.const 1))) (br $again)))
  (func (export "then_loop") (drop (call $f (i32.const 1))) (loop $again (br $again)))
  (func (export "then_count") (drop (call $f (i32.const 1))) (call $count))
  (func $count (export "count") (local $n i32)
    (loop $again (br_if $again (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 100)))))
  (func (export "catching") (result i32)
    (block $caught (try_table (catch_all $caught) (return (call $f (i32.const 1)))))
    (i32.const -1))
  (func (export "swallowing")
    (loop $again
      (block $caught (try_table (catch_all $caught) (drop (call $f (i32.const 1)))))
      (drop (call $f (i32.const 2)))
      (br $again)))
  (func (export "idle") (result i32) (i32.const 7)))`

type AsyncFunction = (...args: never[]) => Promise<unknown>

function caller(bench: Bench, f: AsyncFunction, options: LoadOptions & { name?: string; host?: object } = {}): Promise<Module> {
  return bench.load(CALLER, { imports: { env: { f } }, ...options })
}

/** A promise, and what settles it. */
function gate<T = number>(): PromiseWithResolvers<T> {
  return Promise.withResolvers<T>()
}

export function asyncFunctions(mode: Mode): void {
  // Where no guest can be suspended, a thread can wait
  const waits = mode.jspi || mode.threads !== undefined
  differs(
    { ...mode, jspi: waits },
    [
      'a guest waits for what an async function promises, while the event loop and other guests go on',
      async (bench) => {
        const { promise, resolve } = gate()
        const module = await caller(bench, async (value: number) => value + (await promise))
        const call = module.call('once', [1])
        const other = await bench.load('add')
        assert.deepEqual(await other.call('add', [2, 3]), [5])
        await nextTurn()
        resolve(20)
        assert.deepEqual(await call, [121])
      },
    ],
    [
      'a module that is given an async function is not loaded, since a guest cannot wait for it, and is told the ways out',
      async (bench) => {
        const error = await failure(
          caller(bench, async () => 1),
          'invalid-import',
        )
        assert.match(
          error.message,
          /is `async`, and this engine cannot suspend a guest until a promise settles: Node 24 and later can; elsewhere `threads` can/,
        )
      },
    ],
  )
  if (waits) waiting()
}

function waiting(): void {
  for (const [type, value, wrong] of [
    ['i32', -5, undefined],
    ['i64', 5n, 5],
    ['f32', 0.5, undefined],
    ['f64', 1e300, 5n],
    ['externref', 'a string', undefined],
    ['(ref extern)', { an: 'object' }, null],
    ['i32 i64', [1, 2n], [1, 2]],
    ['externref f64 i32', [null, 2.5, 3], 4],
    ['', undefined, undefined],
  ] as const) {
    behaviour(`what was promised gets to the guest: (result ${type})`, async (bench) => {
      const text = `(module (import "env" "f" (func $f (param i64 f32 externref) (result ${type})))
        (func (export "run") (param i64 f32 externref) (result ${type}) (call $f (local.get 0) (local.get 1) (local.get 2))))`
      const seen: unknown[] = []
      let promised: unknown = value
      const f = async (...args: unknown[]) => {
        seen.push(args)
        await nextTurn()
        return promised
      }
      const module = await bench.load(text, { imports: { env: { f } } })
      const args = [-1n, 0.25, module]
      assert.deepEqual(await module.call('run', args), Array.isArray(value) ? value : type === '' ? [] : [value])
      assert.deepEqual(seen, [args])
      if (wrong === undefined) return
      promised = wrong
      const error = await failure(module.call('run', args), 'host-function')
      assert.ok(error.cause instanceof TypeError)
    })
  }

  behaviour('what an async function rejects with is the cause of the error, whatever it is, unless the guest catches it', async (bench) => {
    for (const reason of [new Error('no'), 'a string', undefined, new WebAssembly.RuntimeError('made by hand')]) {
      for (const f of [() => Promise.reject(reason), () => nextTurn().then(() => Promise.reject(reason))]) {
        const module = await caller(bench, async () => f())
        const error = await failure(module.call('once', [1]), 'host-function')
        assert.ok(error instanceof HostFunctionError)
        assert.equal(error.cause, reason)
        assert.deepEqual(await module.call('catching'), [-1])
      }
    }
  })

  for (const [what, options, stop, code] of [
    ['its deadline', { execTimeout: 20 }, () => undefined, 'deadline'],
    ['an abort', {}, (controller: AbortController) => controller.abort('enough'), 'aborted'],
    ['a close', {}, (_: AbortController, module: Module) => void module.close(), 'closed'],
  ] as const) {
    behaviour(`${what} ends a guest that waits for a promise which never settles, though it catches all it can`, async (bench) => {
      const asked: number[] = []
      const controller = bench.abortController()
      const f = async (value: number) => {
        asked.push(value)
        await NEVER()
      }
      const module = await caller(bench, f, { host: { execTimeout: 0, ...options } })
      const call = module.call('swallowing', [], { signal: controller.signal })
      await nextTurn()
      stop(controller, module)
      const error = await failure(call, code)
      assert.equal(error.phase, 'host')
      assert.equal(error.ran, true)
      assert.equal(error.cause, code === 'aborted' ? 'enough' : undefined)
      await nextTurn()
      assert.deepEqual(asked, [1])
      if (code !== 'closed') assert.deepEqual(await module.call('idle'), [7])
    })
  }

  behaviour('what is promised to a guest that was stopped meanwhile is ignored: a value, a rejection', async (bench) => {
    for (const end of [({ resolve }: PromiseWithResolvers<number>) => resolve(1), ({ reject }: PromiseWithResolvers<number>) => reject(new Error('late'))]) {
      const late = gate()
      late.promise.catch(() => undefined) // what the host function makes of it has to be ignored as well, if it came to be called
      const module = await caller(bench, async () => late.promise)
      await failure(module.call('once', [1], { timeout: 5 }), 'deadline')
      end(late)
      await nextTurn()
      await nextTurn()
      assert.deepEqual(await module.call('idle'), [7])
      assert.deepEqual(module.stats.outcomes, { ok: 1, deadline: 1 })
    }
  })

  behaviour('a stop wins over a promise that settled before the guest could run on', async (bench) => {
    const controller = bench.abortController()
    const { promise, resolve } = gate()
    const module = await caller(bench, async () => promise)
    const call = module.call('catching', [], { signal: controller.signal })
    resolve(5)
    await promise
    controller.abort()
    assert.equal((await failure(call, 'aborted')).phase, 'host')
  })

  behaviour('a promise of a call that was stopped before its host function returned is nobody’s', async (bench) => {
    const controller = bench.abortController()
    const module = await caller(bench, async () => {
      controller.abort('at once')
      throw new Error('swallowed')
    })
    const error = await failure(module.call('catching', [], { signal: controller.signal }), 'aborted')
    assert.equal(error.cause, 'at once')
  })

  behaviour('a thousand guests wait at once', async (bench) => {
    const host = bench.host({ execTimeout: 60_000 })
    const { promise, resolve } = gate()
    const bytes = (await import('../support/wat.ts')).wat(CALLER)
    let waits = 0
    const f = async (value: number) => {
      waits++
      return value + (await promise)
    }
    const modules = await Promise.all(Array.from({ length: 1_000 }, (_, at) => host.loadModule(`module ${at}`, bytes, { imports: { env: { f } } })))
    const calls = modules.map((module, at) => module.call('once', [at]))
    while (waits < 1_000) await nextTurn()
    resolve(1)
    assert.deepEqual(
      await within(Promise.all(calls), 'a thousand calls', 60_000),
      modules.map((_, at) => [at + 101]),
    )
  })

  behaviour('guests that call async functions in a loop get one slice per turn between them, however soon the promises settle', async (bench) => {
    await withFakeClock(async (clock) => {
      const f = async () => {
        clock.advance(0.25)
        return 1
      }
      const modules = await Promise.all(Array.from({ length: 10 }, () => caller(bench, f, { host: { execTimeout: 20, slice: 1 } })))
      const perTurn = await timePerTurn(clock, () => Promise.all(modules.map((module) => failure(module.call('for_ever'), 'deadline'))))
      assert.ok(perTurn.length >= 15, `${perTurn.length} turns`)
      for (const ms of perTurn) assert.ok(ms <= 1.25, `${ms} ms in one turn`)
    })
  })

  behaviour('guests whose promises settle at once run on one after another, in as many turns as that takes', async (bench) => {
    await withFakeClock(async (clock) => {
      const { promise, resolve } = gate()
      const ran: number[] = []
      const text = `(module (import "env" "f" (func $f)) (import "env" "log" (func $log (param i32)))
        (func (export "run") (param i32) (call $f) (call $log (local.get 0))))`
      const log = (at: number) => {
        ran.push(at)
        clock.advance(0.25)
      }
      const load = () => bench.load(text, { imports: { env: { f: async () => promise, log } }, host: { execTimeout: 1_000, slice: 1 } })
      const modules = await Promise.all(Array.from({ length: 20 }, load))
      const calls = Promise.all(modules.map((module, at) => module.call('run', [at])))
      await nextTurn()
      resolve(1)
      const perTurn = await timePerTurn(clock, () => calls)
      for (const ms of perTurn) assert.ok(ms <= 1.25, `${ms} ms in one turn`)
      assert.deepEqual(ran, [...modules.keys()])
    })
  })

  behaviour('a guest that has waited runs in slices as before, to its deadline', async (bench) => {
    await withFakeClock(async (clock) => {
      const module = await caller(bench, async () => nextTurn(), { host: { execTimeout: 20, slice: 1 } })
      const call = failure(module.call('then_loop'), 'deadline')
      // The loop goes from poll to poll, each of which reads the clock
      clock.onRead = () => clock.advance(0.1)
      const perTurn = await timePerTurn(clock, () => call)
      clock.onRead = undefined
      assert.notEqual((await call).phase, 'host')
      assert.ok(perTurn.length >= 5, `${perTurn.length} turns`)
    })
  })

  behaviour('an async function may close its own module, and wait for that', async (bench) => {
    const { promise: closed, resolve } = gate<void>()
    const module: Module = await caller(bench, async () => {
      await nextTurn()
      await module.close()
      resolve()
    })
    assert.equal((await failure(module.call('swallowing'), 'closed')).phase, 'host')
    await within(closed, 'closing')
  })

  behaviour('a guest asks its poll as soon as it runs on: what credit it had is of an earlier turn', async (bench) => {
    await withFakeClock(async (clock) => {
      const { promise, resolve } = gate()
      const module = await caller(bench, async () => promise, { host: { execTimeout: 0, cpuTimeout: 10 } })
      await module.call('count')
      const call = module.call('then_count')
      await nextTurn()
      resolve(1)
      // Nothing but a reading of the clock shows the time to a loop as short as this
      clock.onRead = () => clock.advance(20)
      await failure(call, 'cpu-timeout')
      clock.onRead = undefined
    })
  })

  behaviour('the time that a guest waits is none of its CPU time', async (bench) => {
    await withFakeClock(async (clock) => {
      const f = async () => {
        await nextTurn()
        clock.advance(1_000)
        return 1
      }
      const module = await caller(bench, f, { host: { execTimeout: 0, cpuTimeout: 10 } })
      assert.deepEqual(await module.call('once', [1]), [101])
      assert.ok(module.stats.cpu < 10, `${module.stats.cpu} ms`)
    })
  })

  behaviour('no other call enters an instance whose guest waits', async (bench) => {
    const order: string[] = []
    const { promise, resolve } = gate()
    const module = await caller(bench, async () => promise)
    const calls = [module.call('once', [1]).then(() => order.push('once')), module.call('idle').then(() => order.push('idle'))]
    await nextTurn()
    await failure(() => module.callSync('idle'), 'busy')
    await nextTurn()
    assert.deepEqual(order, [])
    resolve(1)
    await Promise.all(calls)
    assert.deepEqual(order, ['once', 'idle'])
  })

  behaviour('calls of a module with several instances wait at once, and an async function may call another of them', async (bench) => {
    const module: Module = await caller(bench, async (value: number) => ((await module.call('idle'))[0] as number) + value, { instances: 3 })
    assert.deepEqual(await Promise.all([module.call('once', [1]), module.call('once', [2])]), [[108], [109]])
  })

  behaviour('an async function may call back into its guest before it first awaits, and is still part of it after', async (bench) => {
    let kept: Caller | undefined
    const later: unknown[] = []
    const module: Module = await bench.load('host_calls', {
      imports: hostCalls({
        callback: async () => {
          kept = currentCall()
          const [nested] = await module.call('nested')
          later.push(currentCall())
          void kept?.fuel
          return nested
        },
      }),
    })
    assert.deepEqual(await module.call('callback'), [2])
    assert.equal(kept?.module, 'host_calls')
    assert.deepEqual(later, [kept])
    assert.throws(() => kept?.fuel, { code: 'stale' })
  })

  behaviour('a guest that cannot be suspended is refused a promise, with what to do instead', async (bench) => {
    const module: Module = await caller(bench, async () => Promise.reject(new Error('swallowed')))
    const error = await failure(() => module.callSync('once', [1]), 'host-function')
    assert.match(error.message, /a guest that runs in `callSync` or in a nested call cannot be suspended: use `call`, and not from a host function/)
    await module.use(async (lease) => {
      await failure(() => lease.callSync('once', [1]), 'host-function')
    })
    assert.deepEqual(module.callSync('catching'), [-1])
  })

  behaviour('a nested call cannot wait: in an export, and in a function that its guest passed to the host', async (bench) => {
    const text = `(module
      (import "env" "f" (func $f (result i32))) (import "env" "via" (func $via (param funcref) (result i32)))
      (elem declare func $inner)
      (func $inner (export "inner") (result i32) (call $f))
      (func (export "outer") (result i32) (call $via (ref.func $inner))))`
    for (const way of ['export', 'function', 'conversion'] as const) {
      const via = (inner: () => number) => {
        if (way === 'export') return module.callSync('inner')[0]
        // The engine converts a result when the host function is over, with JavaScript on the stack all the same
        return way === 'function' ? inner() : { valueOf: inner }
      }
      const module: Module = await bench.load(text, { imports: { env: { f: async () => 1, via } } })
      const error = await failure(module.call('outer'), 'host-function')
      assert.match(String(error.cause), way === 'conversion' ? /SuspendError/ : /nested call/)
      assert.deepEqual(await module.call('inner'), [1])
    }
  })

  behaviour('a start function and `setup` may wait, within `startTimeout`', async (bench) => {
    const text = `(module (import "env" "f" (func $f (result i32))) (global $got (mut i32) (i32.const 0))
      (func $start (global.set $got (call $f))) (start $start)
      (func (export "more") (global.set $got (i32.add (global.get $got) (call $f))))
      (func (export "got") (result i32) (global.get $got)))`
    const setup: LoadOptions['setup'] = async (lease) => {
      await lease.call('more')
    }
    const f = async () => {
      await sleep(1)
      return 4
    }
    const module = await bench.load(text, { imports: { env: { f } }, setup })
    assert.deepEqual(await module.call('got'), [8])
    let calls = 0
    for (const hangs of [1, 2]) {
      calls = 0
      const attempt = bench.load(text, { imports: { env: { f: async () => (++calls === hangs ? NEVER() : 1) } }, setup, startTimeout: 20 })
      await failure(attempt, 'start-timeout')
      assert.equal(calls, hangs)
    }
  })

  behaviour('the steps of a lease may wait; its end, by time or release, ends a step that does', async (bench) => {
    let promised: Promise<number> = sleep(1).then(() => 1)
    const module = await caller(bench, async () => promised)
    assert.deepEqual(await module.use((lease) => lease.call('once', [1])), [101])
    promised = NEVER()
    let step: Promise<unknown> = Promise.resolve()
    await failure(
      module.use(
        (lease) => {
          step = failure(lease.call('swallowing'), 'lease-timeout')
          return step
        },
        { timeout: 10 },
      ),
      'lease-timeout',
    )
    await step
    await module.use(async (lease) => {
      step = failure(lease.call('swallowing'), 'stale')
      await nextTurn()
    })
    await step
    assert.deepEqual(await module.call('idle'), [7])
  })

  behaviour('memory that the host grows while a guest waits is there when it runs on, and the guest may grow it too', async (bench) => {
    const text = `(module (import "env" "memory" (memory 1 10)) (import "env" "f" (func $f))
      (func (export "run") (result i32 i32)
        (i32.store8 (i32.const 5) (i32.const 42))
        (call $f)
        (drop (memory.grow (i32.const 1)))
        (memory.size) (i32.add (i32.load8_u (i32.const 5)) (i32.load8_u (i32.const 70000)))))`
    let memory: WebAssembly.Memory | undefined
    const factory = () => {
      memory = new WebAssembly.Memory({ initial: 1, maximum: 10 })
      return memory
    }
    const f = async () => {
      await nextTurn()
      memory?.grow(2)
      new Uint8Array(memory?.buffer as ArrayBuffer)[70_000] = 8
    }
    const module = await bench.load(text, { imports: { env: { memory: { factory }, f } } })
    assert.deepEqual(await module.call('run'), [4, 50])
  })

  behaviour('a call burns the same fuel whether its host function promises its result or returns it', async (bench) => {
    const used: unknown[] = []
    for (const f of [async () => nextTurn().then(() => 1), () => 1]) {
      const module = await bench.load(CALLER, { imports: { env: { f } }, host: { fuel: 10_000, execTimeout: 0 } })
      await module.call('then_count')
      used.push(module.stats.fuel)
    }
    assert.ok(Number(used[0]) > 100)
    assert.equal(used[0], used[1])
  })

  behaviour('a deterministic module sees one NaN, whatever bits were promised', async (bench) => {
    const odd = new Float64Array(new BigUint64Array([0xfff8_0000_0000_0123n]).buffer)[0]
    const text = `(module (import "env" "one" (func $one (result f64))) (import "env" "two" (func $two (result f64 f64)))
      (func (export "one") (result i64) (i64.reinterpret_f64 (call $one)))
      (func (export "two") (result i64) (call $two) (drop) (i64.reinterpret_f64)))`
    const imports = { env: { one: async () => odd, two: () => Promise.resolve([odd, odd]) } }
    const results = async (module: Module) => [...(await module.call('one')), ...(await module.call('two'))]
    const one = 0x7ff8_0000_0000_0000n
    assert.deepEqual(await results(await bench.load(text, { imports, deterministic: true })), [one, one])
    assert.notDeepEqual(await results(await bench.load(text, { imports })), [one, one])
  })

  behaviour('a guest that waits in another module, which it reached through a shared table, does not run on there once that is closed', async (bench) => {
    const table = { shared: true, value: new WebAssembly.Table({ element: 'anyfunc', initial: 1, maximum: 1 }) } as const
    const { promise, resolve } = gate<void>()
    const ran: string[] = []
    const lender = await bench.load(
      `(module (import "env" "table" (table 1 1 funcref)) (import "env" "f" (func $f)) (memory (export "memory") 1)
        (func $lent (call $f) (loop $again (br $again))) (elem (i32.const 0) $lent))`,
      { imports: { env: { table, f: async () => promise } }, restart: 'never' },
    )
    const borrower = await bench.load(
      `(module (import "env" "table" (table 1 1 funcref)) (import "env" "log" (func $log)) (type $t (func))
        (func (export "run") (block $caught (try_table (catch_all $caught) (call_indirect (type $t) (i32.const 0)))) (call $log)))`,
      { imports: { env: { table, log: () => ran.push('on') } }, restart: 'never' },
    )
    const call = failure(borrower.call('run'), 'trap')
    await lender.close()
    resolve()
    await call
    assert.deepEqual(ran, [])
  })

  behaviour('an async function that a guest returns as a value is called by its own type', async (bench) => {
    const text = `(module
      (import "env" "plain" (func (param f64 f64 f64))) (import "env" "f" (func $f (param i64) (result i64)))
      (elem declare func $f)
      (func (export "get") (result funcref) (ref.func $f)))`
    const module = await bench.load(text, { imports: { env: { plain: () => undefined, f: async (value: bigint) => value + 1n } } })
    const [fn] = (await module.call('get')) as [(value: unknown) => Promise<unknown[]>]
    assert.deepEqual(await fn(5n), [6n])
    await failure(fn(5), 'bad-argument')
  })

  behaviour('a type that no trampoline can have, or two types for one name, is no reason not to load: the promise is refused', async (bench) => {
    const open = `(module (type $t (sub (func (result i32)))) (import "env" "f" (func $f (type $t))) (func (export "run") (result i32) (call $f)))`
    const grouped = `(module (rec (type $t (func (result i32))) (type $u (func))) (import "env" "f" (func $f (type $t))) (func (export "run") (result i32) (call $f)))`
    const twice = `(module (import "env" "f" (func $f (result i32))) (import "env" "f" (func (result i64))) (func (export "run") (result i32) (call $f)))`
    const takes = `(module (type $t (func)) (import "env" "f" (func $f (param (ref null $t)))) (func (export "run") (call $f (ref.null $t))))`
    const gives = `(module (type $t (func)) (import "env" "f" (func $f (result (ref null $t)))) (func (export "run") (drop (call $f))))`
    for (const text of [open, grouped, twice, takes, gives]) {
      const module = await bench.load(text, { imports: { env: { f: async () => 1 } } })
      assert.match(
        (await failure(module.call('run'), 'host-function')).message,
        /a function that is imported under two types, or under one that only its module can name, cannot suspend its guest/,
      )
    }
  })
}
