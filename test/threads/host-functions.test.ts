/** Host functions that guests of other threads call. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CurfewError, currentCall, Host, type LoadOptions, type Module } from '../../src/index.ts'
import { canSuspend } from '../../src/runtime/thread.ts'
import { failure, fixture, hostCalls, within } from '../support/host.ts'

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
    const { wat } = await import('../support/wat.ts')
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
