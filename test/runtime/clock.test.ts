/** Slices, yields and deadlines counted exactly: a guest moves a fake clock through an import, and nobody sleeps. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Host } from '../../src/index.ts'
import { now, setClock } from '../../src/runtime/clock.ts'
import { canSuspend } from '../../src/runtime/thread.ts'
import { type FakeClock, withFakeClock } from '../support/fake-clock.ts'
import { failure, fixture, hostCalls, nextTurn } from '../support/host.ts'

/** A host under a fake clock, with a guest whose import `log` moves it by `step` ms; and how often that was called. */
async function ticking<T>(
  step: number,
  options: object,
  run: (guest: { call(name: string, args?: unknown[]): Promise<unknown[]> }, ticks: () => number, clock: FakeClock) => Promise<T>,
): Promise<T> {
  return withFakeClock(async (clock) => {
    let ticks = 0
    const log = () => {
      ticks++
      clock.advance(step)
    }
    const now = () => {
      log()
      return clock.time
    }
    const host = new Host(options)
    try {
      const module = await host.loadModule('guest', fixture('host_calls'), { imports: hostCalls({ log, now }) })
      return await run(module, () => ticks, clock)
    } finally {
      await host.close()
    }
  })
}

test('the clock is the real one until it is replaced, and again afterwards', async () => {
  const before = now()
  await withFakeClock((clock) => {
    assert.equal(now(), 0)
    clock.advance(5)
    assert.equal(now(), 5)
  })
  assert.ok(now() >= before && now() > 5)
  const restore = setClock({ now: () => 7 })
  assert.equal(now(), 7)
  restore()
  assert.ok(now() >= before)
})

for (const [step, timeout, ticks] of [
  [1, 10, 10],
  [0.25, 10, 40],
  [3, 10, 4],
  [10, 10, 1],
  [100, 10, 1],
] as const) {
  test(`a guest that takes ${step} ms per host call, with a deadline of ${timeout} ms, makes ${ticks}`, () =>
    ticking(step, { execTimeout: timeout, slice: 1 }, async (guest, counted, clock) => {
      const error = await failure(guest.call('log_loop'), 'deadline')
      assert.equal(counted(), ticks)
      assert.equal(clock.time, step * ticks)
      assert.equal(error.figures.elapsed, step * ticks)
      assert.equal(error.figures.cpu, step * ticks)
      assert.equal(error.phase, 'host')
    }))
}

test('a guest that is done just in time is not stopped', () =>
  ticking(1, { execTimeout: 10, slice: 1 }, async (guest) => {
    assert.deepEqual(await guest.call('wait_until', [9]), [9])
  }))

test('a guest of 10 ms in slices of 1 ms is suspended nine times, or never without JSPI', () =>
  ticking(0.5, { execTimeout: 100, slice: 1 }, async (guest, counted, clock) => {
    const perTurn: number[] = []
    let last = counted()
    let over = false
    // What ran before may have begun a turn already
    await nextTurn()
    const watch = () => {
      if (counted() > last) perTurn.push(counted() - last)
      last = counted()
      if (!over) setImmediate(watch)
    }
    setImmediate(watch)
    assert.deepEqual(await guest.call('wait_until', [10]), [20])
    over = true
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(clock.time, 10)
    assert.equal(
      perTurn.reduce((sum, each) => sum + each, 0),
      20,
    )
    if (canSuspend) assert.deepEqual(new Set(perTurn.slice(0, -1)), new Set([2]))
    else assert.deepEqual(perTurn, [20])
  }))

test('a longer slice takes fewer turns', async () => {
  const turns = async (slice: number): Promise<number> =>
    ticking(1, { execTimeout: 100, slice }, async (guest, counted) => {
      let used = 0
      let last = 0
      let over = false
      const watch = () => {
        if (counted() > last) used++
        last = counted()
        if (!over) setImmediate(watch)
      }
      setImmediate(watch)
      await guest.call('wait_until', [20])
      over = true
      await new Promise((resolve) => setImmediate(resolve))
      return used
    })
  const [short, long] = [await turns(1), await turns(5)]
  if (canSuspend) assert.ok(short >= 19 && long <= 6, `${short} and ${long} turns`)
  else assert.deepEqual([short, long], [1, 1])
})

test('`cpuTimeout` is counted exactly too', () =>
  ticking(1, { cpuTimeout: 7, slice: 1 }, async (guest, counted) => {
    const error = await failure(guest.call('log_loop'), 'cpu-timeout')
    assert.equal(counted(), 7)
    assert.equal(error.figures.cpu, 7)
  }))

test('while the clock stands still a guest that computes is never stopped: time decides, not the count of polls', () =>
  ticking(0, { execTimeout: 1, slice: 1 }, async (guest, counted, clock) => {
    const reads = clock.reads
    clock.onRead = (read) => {
      if (read === reads + 200) clock.advance(1)
    }
    const error = await failure(guest.call('nested_loop'), 'deadline')
    assert.equal(error.figures.elapsed, 1)
    assert.equal(counted(), 0)
    assert.ok(clock.reads >= reads + 200)
  }))
