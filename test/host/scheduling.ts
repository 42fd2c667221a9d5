/** Slices, CPU time and who runs next. */
import assert from 'node:assert/strict'
import { withFakeClock } from '../support/fake-clock.ts'
import { behaviour, busy, differs, failure, fixture, hostCalls, type Mode, nextTurn } from '../support/host.ts'
import { wat } from '../support/wat.ts'

export function scheduling(mode: Mode): void {
  behaviour('`features` says what the engine can do', async (bench) => {
    const { features } = bench.host()
    assert.deepEqual(features, { jspi: mode.jspi, slices: mode.jspi })
    assert.ok(Object.isFrozen(features))
  })

  differs(
    mode,
    [
      'host functions that are quick, but many, count for the slice as well',
      async (bench) => {
        await withFakeClock(async (clock) => {
          const log = () => clock.advance(0.01)
          const module = await bench.load('host_calls', { host: { execTimeout: 20, slice: 1 }, imports: hostCalls({ log }) })
          const perTurn = await timePerTurn(clock, () => failure(module.call('log_loop'), 'deadline'))
          for (const ms of perTurn) assert.ok(ms <= 1.25, `${ms} ms in one turn`)
        })
      },
    ],
    [
      'host functions that are quick, but many, do not keep a guest from its deadline',
      async (bench) => {
        await withFakeClock(async (clock) => {
          const log = () => clock.advance(0.01)
          const module = await bench.load('host_calls', { host: { execTimeout: 20, slice: 1 }, imports: hostCalls({ log }) })
          await failure(module.call('log_loop'), 'deadline')
          assert.ok(clock.time < 20.5, `it ended at ${clock.time}`)
        })
      },
    ],
  )

  differs(
    mode,
    [
      'a guest gets one slice per turn of the event loop',
      async (bench) => {
        await withFakeClock(async (clock) => {
          const log = () => clock.advance(0.25)
          const module = await bench.load('host_calls', { host: { execTimeout: 20, slice: 1 }, imports: hostCalls({ log }) })
          const perTurn = await timePerTurn(clock, () => failure(module.call('log_loop'), 'deadline'))
          assert.ok(perTurn.length >= 15, `${perTurn.length} turns`)
          // A poll comes after each host function, so that a slice is over by at most one of them
          for (const ms of perTurn) assert.ok(ms <= 1.25, `${ms} ms in one turn`)
        })
      },
    ],
    [
      'a guest runs unsliced, to its deadline',
      async (bench) => {
        await withFakeClock(async (clock) => {
          const log = () => clock.advance(0.25)
          const module = await bench.load('host_calls', { host: { execTimeout: 20, slice: 1 }, imports: hostCalls({ log }) })
          const perTurn = await timePerTurn(clock, () => failure(module.call('log_loop'), 'deadline'))
          assert.equal(Math.max(...perTurn), 20)
        })
      },
    ],
  )

  differs(
    mode,
    [
      'guests of two hosts share the slice of a turn',
      async (bench) => {
        await withFakeClock(async (clock) => {
          const log = () => clock.advance(0.25)
          const modules = await Promise.all([0, 1].map(() => bench.load('host_calls', { host: { execTimeout: 20, slice: 1 }, imports: hostCalls({ log }) })))
          const perTurn = await timePerTurn(clock, () => Promise.all(modules.map((module) => failure(module.call('log_loop'), 'deadline'))))
          for (const ms of perTurn) assert.ok(ms <= 1.25, `${ms} ms in one turn`)
        })
      },
    ],
    [
      'guests of two hosts run one after the other, each to its deadline',
      async (bench) => {
        await withFakeClock(async (clock) => {
          const log = () => clock.advance(0.25)
          const modules = await Promise.all([0, 1].map(() => bench.load('host_calls', { host: { execTimeout: 20, slice: 1 }, imports: hostCalls({ log }) })))
          const errors = await Promise.all(modules.map((module) => failure(module.call('log_loop'), 'deadline')))
          assert.deepEqual(
            errors.map(({ ran }) => ran),
            [true, true],
          )
        })
      },
    ],
  )

  behaviour('a chain of short awaited calls gives the event loop its turns', async (bench) => {
    const module = await bench.load('add', { host: { execTimeout: 5_000, slice: 0.5 } })
    let ticks = 0
    const end = performance.now() + 50
    const timer = setInterval(() => ticks++, 1)
    while (performance.now() < end) await module.call('add', [1, 2])
    clearInterval(timer)
    assert.ok(ticks >= 3, `${ticks} ticks`)
  })

  behaviour('time in `callSync` is charged to the turn: the next call waits for another', async (bench) => {
    const host = bench.host({ execTimeout: 5_000 })
    const [spinner, module] = [await host.loadModule('spinner', fixture('infinite_loop')), await host.loadModule('add', fixture('add'))]
    await nextTurn()
    let turned = false
    setImmediate(() => {
      turned = true
    })
    await failure(() => spinner.callSync('loop', [], { timeout: 5 }), 'deadline')
    await module.call('add', [1, 2])
    assert.ok(turned)
  })

  behaviour('`cpuTimeout` ends a guest that has run for so long', async (bench) => {
    const module = await bench.load('infinite_loop', { host: { execTimeout: 10_000, cpuTimeout: 20 } })
    const error = await failure(module.call('loop'), 'cpu-timeout')
    assert.equal(error.figures.cpuTimeout, 20)
    assert.ok((error.figures.cpu as number) >= 19.9 && (error.figures.cpu as number) < 500, `cpu ${error.figures.cpu}`)
    assert.match(error.message, /CPU time of 20 ms/)
    await failure(module.call('loop', [], { cpuTimeout: 5 }), 'cpu-timeout')
    await failure(() => module.callSync('loop', [], { cpuTimeout: 5 }), 'cpu-timeout')
  })

  behaviour('`cpuTimeout` does not count the time that a call waits', async (bench) => {
    const module = await bench.load('counter', { host: { execTimeout: 10_000, cpuTimeout: 20 } })
    const lease = module.use(() => new Promise((resolve) => setTimeout(resolve, 60)))
    assert.deepEqual(await module.call('increment'), [1])
    await lease
  })

  differs(
    mode,
    [
      '`cpuTimeout` does not count the time that a call is suspended',
      async (bench) => {
        await withFakeClock(async (clock) => {
          const log = () => clock.advance(1)
          const module = await bench.load('host_calls', { host: { execTimeout: 10_000, cpuTimeout: 15, slice: 1 }, imports: hostCalls({ log }) })
          let over = false
          const others = () => {
            clock.advance(10)
            if (!over) setImmediate(others)
          }
          setImmediate(others)
          const error = await failure(module.call('log_loop'), 'cpu-timeout')
          over = true
          await nextTurn()
          assert.equal(error.figures.cpu, 15)
          assert.ok((error.figures.elapsed as number) >= 100, `elapsed ${error.figures.elapsed}`)
        })
      },
    ],
    [
      '`cpuTimeout` counts host functions, in which the guest is not suspended either',
      async (bench) => {
        const module = await bench.load('host_calls', { host: { execTimeout: 10_000, cpuTimeout: 15 }, imports: hostCalls({ log: () => busy(4) }) })
        const error = await failure(module.call('log_loop'), 'cpu-timeout')
        assert.ok((error.figures.elapsed as number) >= 15)
      },
    ],
  )

  differs(
    mode,
    [
      'a short call passes twenty runaways of other modules',
      async (bench) => {
        const host = bench.host({ execTimeout: 2_000 })
        const runaways = await Promise.all(Array.from({ length: 20 }, (_, at) => host.loadModule(`runaway ${at}`, fixture('infinite_loop'))))
        const module = await host.loadModule('add', fixture('add'))
        const controller = bench.abortController()
        const stopped = runaways.map((runaway) => failure(runaway.call('loop', [], { signal: controller.signal }), 'aborted'))
        for (let call = 0; call < 5; call++) {
          const began = performance.now()
          assert.deepEqual(await module.call('add', [call, 1], { timeout: 1_000 }), [call + 1])
          assert.ok(performance.now() - began < 500)
          await nextTurn()
        }
        controller.abort()
        await Promise.all(stopped)
      },
    ],
    [
      'a short call behind twenty runaways waits for all of them, or says that it did not run',
      async (bench) => {
        const host = bench.host({ execTimeout: 5 })
        const runaways = await Promise.all(Array.from({ length: 20 }, (_, at) => host.loadModule(`runaway ${at}`, fixture('infinite_loop'))))
        const module = await host.loadModule('add', fixture('add'))
        const stopped = runaways.map((runaway) => failure(runaway.call('loop'), 'deadline'))
        const short = module.call('add', [1, 2]).then(
          ([sum]) => assert.equal(sum, 3),
          ({ code, ran }) => assert.deepEqual([code, ran], ['deadline', false]),
        )
        await Promise.all(stopped)
        await short
      },
    ],
  )

  behaviour('the modules of a group have one weight, as long as there are any', async (bench) => {
    const host = bench.host()
    const first = await host.loadModule('first', fixture('add'), { group: 'group', weight: 3 })
    const error = await failure(host.loadModule('second', fixture('add'), { group: 'group', weight: 2 }), 'invalid-option')
    assert.match(error.message, /`weight` takes 3, which the group has .*, or nothing, but got 2/)
    await host.loadModule('third', fixture('add'), { group: 'other', weight: 2 })
    await first.close()
    await failure(host.loadModule('traps', wat('(func $start unreachable) (start $start)'), { group: 'group', weight: 4 }), 'start-failed')
    const second = await host.loadModule('second', fixture('add'), { group: 'group', weight: 2 })
    assert.deepEqual(await second.call('add', [1, 2]), [3])
  })

  behaviour('the budgets of host, module and call combine: the earliest end wins', async (bench) => {
    const host = bench.host({ execTimeout: 60, maxExecTimeout: 100 })
    const usual = await host.loadModule('usual', fixture('infinite_loop'))
    const own = await host.loadModule('own', fixture('infinite_loop'), { execTimeout: 20 })
    const longer = await host.loadModule('longer', fixture('infinite_loop'), { execTimeout: 1_000_000 })
    const none = await host.loadModule('none', fixture('infinite_loop'), { execTimeout: 0 })
    assert.deepEqual(
      [usual, own, longer, none].map(({ execTimeout }) => execTimeout),
      [60, 20, 100, 100],
    )
    assert.equal((await failure(usual.call('loop', [], { timeout: 10 }), 'deadline')).figures.timeout, 10)
    assert.equal((await failure(own.call('loop', [], { timeout: 1_000 }), 'deadline')).figures.timeout, 20)
    assert.equal((await failure(own.call('loop', [], { timeout: 0 }), 'deadline')).figures.timeout, 20)
  })
}

/** How far a fake clock moves in each turn of the event loop, while something goes on. */
export async function timePerTurn(clock: { readonly time: number }, work: () => Promise<unknown>): Promise<number[]> {
  const moved: number[] = []
  let last = clock.time
  let over = false
  const watch = () => {
    if (clock.time > last) moved.push(clock.time - last)
    last = clock.time
    if (!over) setImmediate(watch)
  }
  setImmediate(watch)
  await work().finally(() => {
    over = true
  })
  await nextTurn()
  return moved
}
