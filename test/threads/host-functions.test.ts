/** Host functions that guests of other threads call. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CurfewError, currentCall, Host, type LoadOptions, type Module } from '../../src/index.ts'
import { canSuspend } from '../../src/runtime/thread.ts'
import { collectGarbage } from '../support/garbage.ts'
import { busy, failure, fixture, hostCalls, sleep, within } from '../support/host.ts'
import { wat } from '../support/wat.ts'

async function withHost(prove: (host: Host) => Promise<void>): Promise<void> {
  const host = new Host({ threads: 1, execTimeout: 5_000 })
  try {
    await prove(host)
  } finally {
    await within(host.close(), 'closing')
  }
}

const guest = (host: Host, callback: () => unknown, options: LoadOptions = {}, name = 'm') =>
  host.loadModule(name, fixture('host_calls'), { imports: hostCalls({ callback }), ...options })

test('calls back into the guest are nested, in the instance of the lease too; only one more lease of it is refused', () =>
  withHost(async (host) => {
    let attempt: (() => unknown) | undefined
    const module: Module = await guest(host, () => attempt?.() ?? 0)
    attempt = () => module.callSync('nested')[0]
    assert.deepEqual(await module.call('callback'), [1 + 1])
    await module.use(async (instance) => {
      attempt = () => instance.callSync('nested')[0]
      assert.deepEqual(await instance.call('callback'), [2 + 1])
    })
    const other: Module = await guest(host, () => other.use(() => undefined), {}, 'other')
    const { cause } = await failure(other.call('callback'), 'host-function')
    assert.equal((cause as CurfewError).code, 'reentrant')
    assert.deepEqual(await other.call('nested'), [1])
  }))

test('with instances on several threads a call back gets the one that called', async () => {
  const host = new Host({ threads: 2, execTimeout: 5_000 })
  const module: Module = await host.loadModule('m', fixture('host_calls'), {
    instances: 2,
    imports: hostCalls({ callback: () => module.callSync('nested')[0] }),
  })
  for (let n = 0; n < 4; n++) {
    const results = await Promise.all([module.call('callback'), module.call('callback')])
    assert.deepEqual(results, [[n + 2], [n + 2]])
  }
  await host.close()
})

test('what can only wait for the guest that waits for it is refused at once: a function of that guest, and a load where the thread waits as a whole', () =>
  withHost(async (host) => {
    const text = `(module (import "h" "ask" (func $ask (result i32))) (elem declare func $f) (func $f (result i32) (i32.const 7))
      (func (export "get") (result funcref) (ref.func $f)) (func (export "ask") (result i32) (call $ask)))`
    let attempt: () => Promise<unknown> = async () => 0
    const module = await host.loadModule('m', wat(text), { imports: { h: { ask: async () => attempt() } } })
    const [fn] = (await module.call('get')) as [() => Promise<unknown>]
    attempt = fn
    const { cause } = await failure(module.call('ask'), 'host-function')
    assert.equal((cause as CurfewError).code, 'reentrant')
    attempt = async () => (await host.loadModule('other', fixture('counter'))).name.length
    if (canSuspend) assert.deepEqual(await module.call('ask'), [5])
    else assert.equal(((await failure(module.call('ask'), 'host-function')).cause as CurfewError).code, 'reentrant')
    assert.deepEqual(await fn().catch((error) => error.code), 'stale')
  }))

test('the memory of a lease can be read while the guest that it holds waits for who reads', () =>
  withHost(async (host) => {
    let inside: () => Promise<unknown> = async () => 0
    const module = await host.loadModule('m', wat(ASKS), { imports: { h: { ask: async () => inside() } } })
    await module.use(async (instance) => {
      inside = async () => {
        await instance.write(64, new Uint8Array([5]))
        return (await instance.read(64, 1))[0]
      }
      assert.deepEqual(await instance.call('ask', [0]), [5])
    })
  }))

/** Asks the host; spins for so many ms at most. */
const ASKS = `(module (import "h" "ask" (func $ask (param i32) (result i32))) (memory 1)
  (func (export "ask") (param i32) (result i32) (call $ask (local.get 0)))
  (func (export "ask_twice") (result i32) (i32.add (call $ask (i32.const 0)) (call $ask (i32.const 1))))
  (func (export "count") (result i32) (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1))) (i32.load (i32.const 0)))
  (func (export "spin") (loop $again (br $again)))
  (func (export "trap") unreachable))`

test('a guest of another module does not keep the host from the memory of one that waits, however long its slices are', { skip: !canSuspend }, async () => {
  const host = new Host({ threads: 1, execTimeout: 60_000, slice: 5_000 })
  const spinning = await host.loadModule('spinning', wat(ASKS), { imports: { h: { ask: () => 0 } } })
  let spun: Promise<unknown> | undefined
  let isOver = false
  const module = await host.loadModule('m', wat(ASKS), {
    imports: (caller) => ({
      h: {
        ask: async () => {
          const { memory } = caller
          spun = failure(spinning.call('spin', [], { timeout: 4_000 }), 'deadline').then(() => {
            isOver = true
          })
          await sleep(50)
          for (let n = 0; n < 20; n++) memory.setUint32(4 * n, n)
          return memory.getUint32(4 * 7) + (isOver ? 100 : 0)
        },
      },
    }),
  })
  const asked = module.call('ask', [0])
  asked.catch(() => undefined)
  assert.deepEqual(await within(asked, 'asking', 20_000), [7])
  await spun
  await within(host.close(), 'closing')
})

test('a guest that waits for a function which was not known to promise leaves its thread to others', { skip: !canSuspend }, () =>
  withHost(async (host) => {
    const { promise, resolve } = Promise.withResolvers<number>()
    const waiting = await guest(host, () => promise, {}, 'waiting')
    const other = await host.loadModule('other', fixture('counter'))
    const call = waiting.call('callback')
    await sleep(20)
    assert.deepEqual(await other.call('increment'), [1])
    resolve(5)
    assert.deepEqual(await call, [6])
  }),
)

test('without JSPI a thread waits for a promise, to the deadline of the call, its abort or the close of its module', { skip: canSuspend }, () =>
  withHost(async (host) => {
    const controller = new AbortController()
    const module = await guest(host, () => new Promise(() => undefined))
    await failure(module.call('callback', [], { timeout: 20 }), 'deadline')
    const aborted = failure(module.call('callback', [], { signal: controller.signal }), 'aborted')
    await sleep(20)
    controller.abort()
    await aborted
    const closed = failure(module.call('callback'), 'closed')
    await sleep(20)
    await module.close()
    await closed
  }),
)

test('what others call while the thread of a guest waits for a host function is not taken for a call of that function', { skip: !canSuspend }, () =>
  withHost(async (host) => {
    const promised = [Promise.withResolvers<number>(), Promise.withResolvers<number>()] as const
    let isOver = false
    const module = await host.loadModule('m', wat(ASKS), { imports: { h: { ask: (at: 0 | 1) => promised[at].promise } } })
    const call = module.call('ask_twice')
    await sleep(20)
    promised[0].resolve(1)
    for (let n = 0; n < 10; n++) await undefined
    busy(30) // the guest has run on, has called again by now, and its thread waits
    const other = module.call('count').then(() => {
      isOver = true
    })
    await sleep(30)
    assert.equal(isOver, false, 'nested')
    promised[1].resolve(3)
    assert.deepEqual(await call, [4])
    await other
  }),
)

test('an instance that is gone takes its caller and its functions with it', () =>
  withHost(async (host) => {
    const made: WeakRef<object>[] = []
    const module = await host.loadModule('m', wat(ASKS), {
      imports: (caller) => {
        const ask = () => caller.memory.size
        made.push(new WeakRef(caller), new WeakRef(ask))
        return { h: { ask } }
      },
    })
    for (let n = 0; n < 5; n++) {
      assert.deepEqual(await module.call('ask', [0]), [65_536])
      await failure(module.call('trap'), 'trap')
    }
    await module.call('ask', [0])
    for (let round = 0; round < 10 && made.filter((ref) => ref.deref() !== undefined).length > 2; round++) {
      await sleep(10)
      collectGarbage()
    }
    assert.equal(made.length, 12)
    // The last one is alive; what the engine has kept of the one before is its business
    assert.ok(made.filter((ref) => ref.deref() !== undefined).length <= 4, `${made.map((ref) => ref.deref() !== undefined)}`)
  }))

test('what a call was ended with never leaves this thread, and is the cause', () =>
  withHost(async (host) => {
    const cause = { token: Symbol('secret') }
    const module = await host.loadModule('m', wat(ASKS), { imports: (caller) => ({ h: { ask: () => caller.end(cause) } }) })
    assert.equal((await failure(module.call('ask', [0]), 'ended')).cause, cause)
    assert.deepEqual(await module.call('count'), [1])
  }))

test('guests of two threads that call the host, which calls them back and reads their memory, never wait for each other', async () => {
  const host = new Host({ threads: 2, execTimeout: 60_000 })
  const modules = await Promise.all(
    ['a', 'b', 'c', 'd'].map((name) =>
      host.loadModule(name, wat(ASKS), {
        nestedTimeout: 10_000,
        imports: (caller) => ({
          h: {
            ask: (depth: number): unknown => {
              const before = caller.memory.getUint32(0)
              const [count] = caller.callSync('count') as [number]
              assert.equal(count, before + 1)
              if (depth > 0) return caller.callSync('ask', [depth - 1])[0]
              return caller.canSuspend ? Promise.resolve(count) : count
            },
          },
        }),
      }),
    ),
  )
  const calls = Array.from({ length: 100 }, (_, n) => modules.map((module) => module.call('ask', [n % 4])))
  await within(Promise.all(calls.flat()), 'four hundred calls', 60_000)
  for (const module of modules) assert.deepEqual(await module.call('count'), [100 * 2.5 + 1])
  await host.close()
})

test('a function of one thread whose guest waits may call the guests of another, which call back into it', { skip: !canSuspend }, async () => {
  const host = new Host({ threads: 2, execTimeout: 5_000 })
  const a: Module = await host.loadModule('a', wat(ASKS), { imports: { h: { ask: async () => (await b.call('ask', [0]))[0] } } })
  const b: Module = await host.loadModule('b', wat(ASKS), { imports: { h: { ask: async () => 10 + ((await a.call('count'))[0] as number) } } })
  assert.deepEqual(await a.call('ask', [0]), [11])
  await host.close()
})

test('`currentCall` is the call of the guest, whose fuel the host may burn and fill up', () =>
  withHost(async (host) => {
    const seen: unknown[] = []
    let act: () => unknown = () => 0
    const module = await guest(host, () => act(), { fuel: 1_000 })
    act = () => {
      const call = currentCall()
      seen.push(call?.module, call?.consumeFuel(400))
      return 0
    }
    await module.call('callback')
    const { lastFuel } = module.stats
    assert.deepEqual(seen, ['m', true])
    assert.ok(lastFuel >= 400n && lastFuel < 500n, `${lastFuel}`)
    act = () => {
      currentCall()?.consumeFuel(5_000)
      return 0
    }
    await failure(module.call('callback'), 'out-of-fuel')
    act = () => {
      const call = currentCall()
      if (call !== undefined) call.fuel = 100_000
      return 0
    }
    await module.call('callback', [], { fuel: 50 })
    assert.equal(currentCall(), undefined)
  }))

test('while a host function is waited for, other guests of the thread run, and the call ends at its deadline', { skip: !canSuspend }, () =>
  withHost(async (host) => {
    const { promise, resolve } = Promise.withResolvers<number>()
    const waiting = await guest(host, async () => promise, {}, 'waiting')
    const other = await host.loadModule('other', fixture('counter'))
    const call = waiting.call('callback')
    const late = await failure(waiting.call('callback', [], { timeout: 20 }), 'deadline')
    assert.equal(late.ran, false)
    assert.deepEqual(await other.call('increment'), [1])
    resolve(5)
    assert.deepEqual(await call, [6])
  }),
)

test('a function that a guest hands to a host function cannot be called there', () =>
  withHost(async (host) => {
    const text = `(module (import "env" "take" (func $take (param funcref))) (elem declare func $f)
      (func $f (result i32) (i32.const 1)) (func (export "give") (call $take (ref.func $f))))`
    const taken: (() => Promise<unknown>)[] = []
    const module = await host.loadModule('m', wat(text), { imports: { env: { take: (f: () => Promise<unknown>) => taken.push(f) && undefined } } })
    await module.call('give')
    await failure((taken[0] as () => Promise<unknown>)(), 'unsupported')
  }))

test('no host function runs for a call that was aborted, though the guest does not know it yet', () =>
  withHost(async (host) => {
    const controller = new AbortController()
    const seen: number[] = []
    const log = (value: number) => {
      seen.push(value)
      if (value === 3) controller.abort('enough')
    }
    const module = await host.loadModule('m', fixture('host_calls'), { imports: hostCalls({ log }) })
    const error = await failure(module.call('log_loop', [], { signal: controller.signal }), 'aborted')
    assert.equal(error.cause, 'enough')
    assert.deepEqual(seen, [0, 1, 2, 3])
  }))

test('a host function may throw and return what it likes: its guest hears of it, and this thread does not', () =>
  withHost(async (host) => {
    let act: () => unknown = () => 0
    const module = await guest(host, () => act())
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    const notCloned = Object.assign(new Error('not to be cloned'), { stack: () => 'here' })
    for (const odd of [proxy, notCloned, undefined, Symbol('s')]) {
      act = () => {
        throw odd
      }
      assert.equal((await failure(module.call('callback'), 'host-function')).cause, odd)
    }
    for (const odd of [proxy, Symbol('s'), 5n]) {
      act = () => odd
      await failure(module.call('callback'), 'host-function')
    }
    act = () => ({ valueOf: () => 4 })
    assert.deepEqual(await module.call('callback'), [5])
  }))

const STARTS = `(module (import "env" "started" (func $started)) (func $start (call $started)) (start $start)
  (func (export "loop") (loop $again (br $again))) (func (export "one") (result i32) (i32.const 1)))`

for (const reuse of ['always', 'never'] as const)
  test(`the start function of a further instance may call the host, whatever has become of the call before (\`reuse: '${reuse}'\`)`, () =>
    withHost(async (host) => {
      let started = 0
      const module = await host.loadModule('m', wat(STARTS), { reuse, imports: { env: { started: () => void started++ } } })
      for (let n = 0; n < 3; n++) {
        const controller = new AbortController()
        const aborted = failure(module.call('loop', [], { signal: controller.signal }), 'aborted')
        await sleep(20)
        controller.abort()
        await aborted
        assert.deepEqual(await module.call('one'), [1])
      }
      assert.ok(started >= 4, `${started}`)
      assert.deepEqual(module.stats.outcomes, { aborted: 3, ok: 3 })
    }))

test('an abort reaches a call that the thread has not read, although a later close was seen to before', () =>
  withHost(async (host) => {
    const [doomed, other] = [
      await host.loadModule('doomed', fixture('host_calls'), { imports: hostCalls({}) }),
      await host.loadModule('other', fixture('counter')),
    ]
    const controller = new AbortController()
    let call: Promise<CurfewError> | undefined
    let closed: Promise<void> | undefined
    const module = await guest(host, () => {
      call = failure(doomed.call('log_loop', [], { signal: controller.signal }), 'aborted')
      closed = other.close()
      controller.abort()
      return 0
    })
    await module.call('callback')
    assert.equal((await call)?.ran, false)
    await closed
  }))

for (const [how, close] of [
  ['a function that returns at once', (host: Host) => void host.close()],
  ['an `async` one, which waits for it', async (host: Host) => host.close()],
] as const)
  test(`a host may be closed from ${how}: the call ends with \`closed\``, { skip: !canSuspend && close.constructor.name === 'AsyncFunction' }, () =>
    withHost(async (host) => {
      const callback = close.constructor.name === 'AsyncFunction' ? async () => close(host) : () => close(host)
      const module = await guest(host, callback)
      const error = await failure(module.call('callback'), 'closed')
      assert.equal(error.ran, true)
      await within(host.close(), 'closing')
      assert.deepEqual(host.stats().memory.dropped, 0)
    }),
  )

test('a function of a guest may be called and forgotten at once, however busy its thread is', () =>
  withHost(async (host) => {
    const text = '(module (elem declare func $f) (func $f (result i32) (i32.const 7)) (func (export "get") (result funcref) (ref.func $f)))'
    const [module, busy] = [await host.loadModule('m', wat(text)), await host.loadModule('busy', fixture('infinite_loop'))]
    let [fn] = (await module.call('get')) as [(() => Promise<unknown>)?]
    const loop = failure(busy.call('loop', [], { timeout: 300 }), 'deadline')
    const called = fn?.()
    fn = undefined
    for (let turn = 0; turn < 10; turn++) {
      await sleep(10)
      collectGarbage()
    }
    await loop
    assert.deepEqual(await called, [7])
  }))
