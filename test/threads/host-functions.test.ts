/** Host functions that guests of other threads call. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CurfewError, currentCall, Host, type LoadOptions, type Module } from '../../src/index.ts'
import { canSuspend } from '../../src/runtime/thread.ts'
import { failure, fixture, hostCalls, sleep, within } from '../support/host.ts'
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

test('a host function that calls back into the guest that called it is refused at once, by `call` and in a lease', () =>
  withHost(async (host) => {
    const refused: CurfewError[] = []
    const attempts: Promise<unknown>[] = []
    let attempt: (() => Promise<unknown>) | undefined
    const module: Module = await guest(host, () => {
      if (attempt !== undefined) attempts.push(attempt().catch((error) => refused.push(error)))
      return 0
    })
    attempt = () => module.call('nested')
    await module.call('callback')
    attempt = () => module.use(() => undefined)
    await module.call('callback')
    await module.use(async (instance) => {
      attempt = () => instance.call('nested')
      await instance.call('callback')
    })
    await Promise.all(attempts)
    assert.deepEqual(
      refused.map(({ code, module: name, ran }) => [code, name, ran]),
      [
        ['unsupported', 'm', false],
        ['unsupported', 'm', false],
        ['unsupported', 'm', false],
      ],
    )
    assert.match(refused[0]?.message ?? '', /called back into the guest that called it/)
  }))

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
