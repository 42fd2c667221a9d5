/** A caller's signal ends its call in every phase; the reason is the cause; no listener is kept (the bench sees to that). */
import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { StopError } from '../../src/index.ts'
import { withFakeClock } from '../support/fake-clock.ts'
import { behaviour, busy, differs, facts, failure, fixture, hostCalls, type Mode, sleep } from '../support/host.ts'

export function signals(mode: Mode): void {
  behaviour('a signal that is aborted already: the guest never starts', async (bench) => {
    const logged: number[] = []
    const module = await bench.load('host_calls', { imports: hostCalls({ log: (value) => logged.push(value) }) })
    const reason = new Error('too late')
    const error = await failure(module.call('log', [1], { signal: AbortSignal.abort(reason) }), 'aborted')
    assert.ok(error instanceof StopError)
    assert.deepEqual(facts(error), { code: 'aborted', module: 'host_calls', function: 'log', phase: 'queued', ran: false })
    assert.equal(error.cause, reason)
    assert.deepEqual(logged, [])
    assert.equal(module.stats.restarts, 0)
  })

  behaviour('a signal aborted while the call waits for its turn: rejected, the guest never starts, no instance is harmed', async (bench) => {
    const host = bench.host()
    const spinner = await host.loadModule('spinner', fixture('infinite_loop'))
    const module = await host.loadModule('counter', fixture('counter'))
    await module.call('increment')
    const controller = bench.abortController()
    await failure(() => spinner.callSync('loop', [], { timeout: 5 }), 'deadline') // the turn is used up
    const waiting = failure(module.call('increment', [], { signal: controller.signal }), 'aborted')
    controller.abort('changed my mind')
    const error = await waiting
    assert.deepEqual(facts(error), { code: 'aborted', module: 'counter', function: 'increment', phase: 'queued', ran: false })
    assert.equal(error.cause, 'changed my mind')
    assert.deepEqual(await module.call('increment'), [2])
    assert.equal(module.stats.restarts, 0)
  })

  behaviour('a signal aborted while the call waits for a lease to end: rejected at once', async (bench) => {
    const module = await bench.load('counter')
    const controller = bench.abortController()
    await module.use(async () => {
      const waiting = failure(module.call('increment', [], { signal: controller.signal }), 'aborted')
      controller.abort()
      assert.equal((await waiting).phase, 'queued')
    })
    assert.deepEqual(await module.call('increment'), [1])
  })

  behaviour('a signal aborted while the guest runs ends it at its next poll', async (bench) => {
    const module = await bench.load('infinite_loop')
    const controller = bench.abortController()
    await withFakeClock(async (clock) => {
      clock.onRead = (read) => {
        if (read === 8) controller.abort('while running')
      }
      const error = await failure(module.call('loop', [], { signal: controller.signal }), 'aborted')
      assert.deepEqual(facts(error), { code: 'aborted', module: 'infinite_loop', function: 'loop', phase: 'running', ran: true })
      assert.equal(error.cause, 'while running')
    })
    assert.deepEqual(await module.call('ready'), [1])
  })

  differs(
    mode,
    [
      'a signal aborted while the guest is suspended ends it at once',
      async (bench) => {
        const module = await bench.load('infinite_loop')
        const controller = bench.abortController()
        const called = failure(module.call('loop', [], { signal: controller.signal }), 'aborted')
        await sleep(10)
        controller.abort('while suspended')
        const error = await called
        assert.deepEqual(facts(error), { code: 'aborted', module: 'infinite_loop', function: 'loop', phase: 'suspended', ran: true })
        assert.equal(error.cause, 'while suspended')
        assert.deepEqual(await module.call('ready'), [1])
      },
    ],
    [
      'no guest is ever suspended, so a signal that a timer would abort is not seen: the deadline ends the call',
      async (bench) => {
        const module = await bench.load('infinite_loop', { host: { execTimeout: 50 } })
        const controller = bench.abortController()
        const timer = setTimeout(() => controller.abort(), 5)
        await failure(module.call('loop', [], { signal: controller.signal }), 'deadline')
        clearTimeout(timer)
      },
    ],
  )

  behaviour('a signal aborted in a host function ends the guest as the function returns', async (bench) => {
    const logged: number[] = []
    const controller = bench.abortController()
    const log = (value: number) => {
      logged.push(value)
      controller.abort('in the host')
    }
    const module = await bench.load('host_calls', { imports: hostCalls({ log }) })
    const error = await failure(module.call('log_twice', [1], { signal: controller.signal }), 'aborted')
    assert.deepEqual(facts(error), { code: 'aborted', module: 'host_calls', function: 'log_twice', phase: 'host', ran: true })
    assert.equal(error.cause, 'in the host')
    assert.deepEqual(logged, [1])
  })

  behaviour('a signal aborted after the call has ended does nothing', async (bench) => {
    const module = await bench.load('counter')
    const controller = bench.abortController()
    assert.deepEqual(await module.call('increment', [], { signal: controller.signal }), [1])
    controller.abort()
    assert.deepEqual(await module.call('increment'), [2])
  })

  behaviour('one signal for many calls ends all of them, running or not', async (bench) => {
    const module = await bench.load('host_calls', { imports: hostCalls({ log: () => controller.abort() }) })
    const controller = bench.abortController()
    const calls = Array.from({ length: 5 }, () => failure(module.call('log_twice', [1], { signal: controller.signal }), 'aborted'))
    const errors = await Promise.all(calls)
    assert.deepEqual(
      errors.map(({ ran }) => ran),
      [true, false, false, false, false],
    )
  })

  behaviour('a thousand calls with one signal leave no listener on it, nor are there ever more than run or wait', async (bench) => {
    const module = await bench.load('add')
    const { signal } = bench.abortController()
    for (let call = 0; call < 1_000; call++) {
      await module.call('add', [call, 1], { signal })
      assert.ok(getEventListeners(signal, 'abort').length <= 1)
    }
  })

  behaviour('the first cause wins: a signal aborted after the deadline has passed changes nothing', async (bench) => {
    const controller = bench.abortController()
    const log = () => busy(20)
    const module = await bench.load('host_calls', { host: { execTimeout: 10 }, imports: hostCalls({ log }) })
    const called = failure(module.call('log', [1], { signal: controller.signal }), 'deadline')
    controller.abort()
    const error = await called
    assert.equal(error.phase, 'host')
    assert.equal(error.cause, undefined)
  })

  behaviour('a signal cancels loading: before, while the body streams, and while the start function runs', async (bench) => {
    const host = bench.host()
    const before = await failure(host.loadModule('m', fixture('add'), { signal: AbortSignal.abort('before') }), 'aborted')
    assert.equal(before.cause, 'before')

    const controller = bench.abortController()
    const endless = new Response(new ReadableStream({ pull: () => sleep(5) }))
    const streaming = failure(host.loadModule('m', endless, { signal: controller.signal }), 'aborted')
    setTimeout(() => controller.abort('streaming'), 5)
    assert.equal((await streaming).cause, 'streaming')

    const second = bench.abortController()
    await withFakeClock(async (clock) => {
      clock.onRead = (read) => {
        if (read === 8) second.abort('starting')
      }
      const error = await failure(host.loadModule('m', fixture('start_loop'), { signal: second.signal }), 'aborted')
      assert.equal(error.cause, 'starting')
      assert.equal(error.name, 'LoadError')
    })
    await host.loadModule('m', fixture('add')) // the name is free again
  })
}
