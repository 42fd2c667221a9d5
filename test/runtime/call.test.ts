/** The state machine of a call, without a guest. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { STOP, YIELD } from '../../src/abi.ts'
import { ALL_FUEL } from '../../src/budget.ts'
import { Account } from '../../src/runtime/account.ts'
import { Call, type CallBudget, type CallOwner } from '../../src/runtime/call.ts'
import { withFakeClock } from '../support/fake-clock.ts'
import { nextTurn } from '../support/host.ts'

const NOBODY = { identity: {}, caller: undefined, look: () => undefined }

const NEVER = Number.POSITIVE_INFINITY

class Recorder implements CallOwner {
  readonly name = 'recorder'
  readonly account = new Account(1)
  readonly events: string[] = []
  stopped(call: Call): void {
    this.events.push(`stopped ${call.stopped?.code}`)
  }
  suspended(): void {
    this.events.push('suspended')
  }
  waits(): void {
    this.events.push('waits')
  }
  settled(): void {
    this.events.push('settled')
  }
}

function made(budget: Partial<CallBudget> = {}, began = 0): { call: Call; events: string[] } {
  const owner = new Recorder()
  const call = new Call(owner, { timeout: NEVER, cpuTimeout: NEVER, fuel: ALL_FUEL, slice: 1, signal: undefined, timeoutCode: 'deadline', ...budget }, began)
  return { call, events: owner.events }
}

test('a call begins queued, has not run, and knows its deadline from the moment it was made', () => {
  const { call } = made({ timeout: 50 }, 1_000)
  assert.deepEqual([call.state, call.phase, call.ran, call.stopped, call.deadline], ['queued', 'queued', false, undefined, 1_050])
})

test('the first cause to stop a call wins, and is told once', () => {
  const { call, events } = made({ timeout: 10 })
  call.stop('aborted', 'first')
  call.stop('closed')
  assert.ok(call.expire(1_000))
  assert.deepEqual(call.stopped, { code: 'aborted', phase: 'queued', cause: 'first' })
  assert.deepEqual(events, ['stopped aborted'])
})

test('a call that is done cannot be stopped any more', () => {
  const { call, events } = made()
  call.state = 'done'
  call.stop('closed')
  assert.equal(call.stopped, undefined)
  assert.deepEqual(events, [])
})

test('a call expires at its deadline, on the dot and not before', () => {
  const { call } = made({ timeout: 10 })
  assert.equal(call.expire(9.999), false)
  assert.equal(call.expire(10), true)
  assert.equal(call.stopped?.code, 'deadline')
})

test('the budget says what running out of time is called', () => {
  const { call } = made({ timeout: 10, timeoutCode: 'start-timeout' })
  call.expire(10)
  assert.equal(call.stopped?.code, 'start-timeout')
})

test('an aborted signal is seen without a listener, and comes before a deadline that has passed as well', () => {
  const { call } = made({ timeout: 10, signal: AbortSignal.abort('why') })
  assert.ok(call.expire(1_000))
  assert.deepEqual(call.stopped, { code: 'aborted', phase: 'queued', cause: 'why' })
})

test('the phase is where the guest is: starting, running, in a host function, suspended', () => {
  const { call } = made()
  call.resume(0)
  assert.equal(call.phase, 'running')
  call.hosting = NOBODY
  assert.equal(call.phase, 'host')
  call.hosting = undefined
  call.state = 'suspended'
  assert.equal(call.phase, 'suspended')
  call.state = 'running'
  call.starting = true
  assert.equal(call.phase, 'starting')
})

test('CPU time is counted while the guest runs, not while it is suspended', () => {
  const { call } = made({ cpuTimeout: 10 })
  call.resume(0)
  assert.equal(call.cpuEnd, 10)
  call.pause(4)
  assert.deepEqual([call.cpu, call.cpuEnd], [4, NEVER])
  assert.equal(call.expire(500), false)
  call.resume(1_000)
  assert.equal(call.cpuEnd, 1_006)
  assert.equal(call.expire(1_005.9), false)
  assert.equal(call.expire(1_006), true)
  assert.equal(call.stopped?.code, 'cpu-timeout')
  call.pause(1_006)
})

test('a nested call ends with the one around it, for the same reason', () => {
  const outer = made({ timeout: 10 })
  const inner = made({ timeout: 1_000 })
  inner.call.parent = outer.call
  assert.equal(inner.call.expire(9), false)
  assert.equal(inner.call.expire(10), true)
  assert.equal(inner.call.stopped?.code, 'deadline')
  assert.equal(outer.call.stopped?.code, 'deadline')
})

test('a nested call that ends does not end the one around it', () => {
  const outer = made({ timeout: 100 })
  const inner = made({ timeout: 10, timeoutCode: 'nested-timeout' })
  inner.call.parent = outer.call
  assert.equal(inner.call.expire(10), true)
  assert.equal(inner.call.stopped?.code, 'nested-timeout')
  assert.equal(outer.call.stopped, undefined)
})

test('a call under a lease ends with that, for the same reason', () => {
  const lease = made({ timeout: 10, timeoutCode: 'lease-timeout' })
  const { call } = made()
  call.under(lease.call)
  assert.equal(call.expire(10), true)
  assert.equal(call.stopped?.code, 'lease-timeout')
})

test('a poll grants, yields at the end of the slice, and stops at the deadline', () =>
  withFakeClock(async (clock) => {
    await nextTurn() // what the tests before have used of this one does not count
    const { call } = made({ timeout: 5, slice: 1 }, clock.now())
    call.sliced = true
    call.resume(clock.now())
    assert.ok(call.poll() > 0)
    clock.advance(call.sliceEnd - clock.time)
    assert.equal(call.poll(), YIELD)
    call.pause(clock.now())
    call.resume(clock.now())
    clock.advance(5)
    assert.equal(call.poll(), STOP)
    assert.deepEqual(call.stopped, { code: 'deadline', phase: 'running' })
    call.pause(clock.now())
  }))

test('a guest is not taken to be slow because it was suspended between two polls', () =>
  withFakeClock(async (clock) => {
    await nextTurn()
    const { call } = made({ timeout: 10_000, slice: 1_000 }, clock.now())
    call.sliced = true
    call.resume(clock.now())
    const before = call.poll()
    clock.advance(0.1)
    call.pause(clock.now())
    clock.advance(1_000)
    call.resume(clock.now())
    assert.equal(call.poll(), before)
    call.pause(clock.now())
  }))

test('a call that cannot be suspended never yields: nested, or in a host function', () =>
  withFakeClock((clock) => {
    const outer = made({ timeout: 100, slice: 1 }, clock.now())
    outer.call.sliced = true
    outer.call.resume(clock.now())
    const inner = made({ timeout: 50, slice: 1 }, clock.now())
    inner.call.parent = outer.call
    inner.call.resume(clock.now())
    clock.advance(20)
    assert.ok(inner.call.poll() > 0)
    outer.call.hosting = NOBODY
    assert.ok(outer.call.poll() > 0)
    clock.advance(30)
    assert.equal(inner.call.poll(), STOP)
    inner.call.pause(clock.now())
    outer.call.pause(clock.now())
  }))

test('a synchronous call that has not looked at the clock does so at its first poll, and its time counts from there', () =>
  withFakeClock((clock) => {
    clock.advance(1_000)
    const { call } = made({ timeout: 10 }, Number.NaN)
    call.resume(Number.NaN)
    assert.ok(call.poll() > 0)
    assert.deepEqual([call.began, call.deadline], [1_000, 1_010])
    clock.advance(10)
    assert.equal(call.poll(), STOP)
    call.pause(clock.now())
  }))
