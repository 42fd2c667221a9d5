/** Who runs when, and who waits how long: counted in turns of the event loop and on a fake clock. */
import assert from 'node:assert/strict'
import { AGED_EVERY, UNWOUND_PER_TURN } from '../../src/guests/scheduler.ts'
import type { CurfewError, Module } from '../../src/index.ts'
import { canSuspend, currentCall } from '../../src/runtime/thread.ts'
import { withFakeClock } from '../support/fake-clock.ts'
import { type Bench, behaviour, failure, nextTurn } from '../support/host.ts'
import { Crowd } from './crowd.ts'

/** Without JSPI there is nothing to simulate: each call runs to its end. */
function simulation(
  claim: string,
  simulate: (crowd: Crowd, bench: Bench) => Promise<void>,
  options?: { readonly tick?: number; readonly maxConcurrent?: number },
): void {
  if (canSuspend) behaviour(claim, (bench) => withFakeClock((clock) => simulate(new Crowd(bench, clock, options), bench)))
}

/** In how many turns each of `count` calls must have had a slice. */
const bound = (count: number) => 2 * AGED_EVERY * count

simulation('a call goes on, however many new ones of its own group there are', async (crowd) => {
  const group = 'one'
  const victim = await crowd.load('victim', { group })
  const newcomers = await crowd.loadAll(10, 'newcomer', { group })
  crowd.runAway(victim)
  // A slice each, and another
  for (const module of newcomers) crowd.keepCalling(module, 'run', 4)
  await crowd.after(5_000)
  const gap = crowd.gaps.get('victim') as number
  assert.ok(gap > AGED_EVERY && gap <= bound(11), `${gap} turns between two slices`)
})

simulation('a call goes on, however many new modules begin endless ones', async (crowd) => {
  const newcomers = await crowd.loadAll(150, 'newcomer')
  crowd.runAway(await crowd.load('victim'))
  crowd.onTick = () => {
    // It has had the thread for itself until now; from here on somebody who has used nothing comes each ms
    if (crowd.clock.time < 2_000) return
    const next = newcomers.pop()
    if (next !== undefined) crowd.runAway(next)
  }
  await crowd.after(6_000)
  for (const [name, gap] of crowd.gaps) assert.ok(gap <= bound(151), `${gap} turns between two slices of ${name}`)
  assert.equal(crowd.gaps.size, 151)
})

simulation('a call that has not begun does so, however many its account has used up its share for', async (crowd) => {
  const group = 'spenders'
  for (const module of await crowd.loadAll(5, 'spender', { group })) await module.call('run', [4_000])
  const late = await crowd.load('late', { group })
  crowd.runAway(await crowd.load('other'))
  let begun: number | undefined
  crowd.onTick = (name) => {
    if (name === 'late') begun ??= crowd.turn
  }
  crowd.runAway(late)
  await crowd.after(1_000)
  // In the first turn only if that happened to be one that goes by age
  assert.ok(begun !== undefined && begun <= bound(2), `it began in turn ${begun}`)
})

/** How long a call of a module takes that has been called often before, on the fake clock. */
async function shortCall(crowd: Crowd, start: () => Promise<void>): Promise<number> {
  const short = await crowd.load('short')
  // Some ms: more than those that come have used
  for (let call = 0; call < 10; call++) await short.call('run', [40])
  await start()
  const began = crowd.clock.time
  const answered = short.call('run', [1]).then(() => crowd.clock.time - began)
  await crowd.after(400)
  return answered
}

simulation(
  'a short call passes a hundred runaways that have run before, in a turn or two',
  async (crowd) => {
    const runaways = await crowd.loadAll(100, 'runaway')
    const took = await shortCall(crowd, async () => {
      for (const module of runaways) crowd.runAway(module)
      while (crowd.clock.time < 500) await nextTurn()
    })
    assert.ok(took <= 2.1, `${took} ms`)
  },
  { tick: 0.01 },
)

simulation(
  'a short call of a known module is behind a hundred new modules that run away at the same moment for a first short slice each',
  async (crowd) => {
    const runaways = await crowd.loadAll(100, 'runaway')
    const took = await shortCall(crowd, async () => {
      for (const module of runaways) crowd.runAway(module)
    })
    assert.ok(took <= 15, `${took} ms`)
  },
  { tick: 0.01 },
)

simulation(
  'a short call is behind a hundred runaways of one group for less than that',
  async (crowd) => {
    const runaways = await crowd.loadAll(100, 'runaway', { group: 'one' })
    const took = await shortCall(crowd, async () => {
      for (const module of runaways) crowd.runAway(module)
      await nextTurn()
      await nextTurn()
      for (const module of await crowd.loadAll(100, 'further', { group: 'one' })) crowd.runAway(module)
      await nextTurn()
    })
    assert.ok(took <= 5, `${took} ms`)
  },
  { tick: 0.01 },
)

simulation('a module that has had its share comes when its turn has come, also with calls that have not begun', async (crowd) => {
  const greedy = await crowd.load('greedy')
  for (let call = 0; call < 10; call++) await greedy.call('run', [200])
  for (const module of await crowd.loadAll(10, 'endless')) crowd.runAway(module)
  crowd.keepCalling(greedy, 'run', 1)
  const used = await crowd.after(5_000)
  assert.ok(used('greedy') <= (5_000 / 11) * 1.3, `${used('greedy')} ms of 5,000`)
})

simulation(
  'what is left of a turn of favour is for calls of accounts that have used little, and they begin at once',
  async (crowd) => {
    const [greedy, short, first] = [await crowd.load('greedy'), await crowd.load('short'), await crowd.load('first')]
    for (let call = 0; call < 10; call++) await greedy.call('run', [10_000])
    crowd.runAway(await crowd.load('endless'))
    const begun: boolean[] = []
    const begins = (module: Module) => {
      const used = () => crowd.used.get(module.name) ?? 0
      const before = used()
      const call = module.call('run', [1])
      begun.push(used() > before)
      return call
    }
    const calls: Promise<unknown>[] = []
    await first.call('run', [1])
    calls.push(begins(greedy), begins(short))
    await Promise.all([crowd.after(100), ...calls])
    assert.deepEqual(begun, [false, true])
  },
  { tick: 0.01 },
)

simulation(
  'short calls, however many come, take no more from a call that goes on than is fair, also where guests have little of the time',
  async (crowd) => {
    for (const module of await crowd.loadAll(5, 'short')) crowd.keepCalling(module, 'run', 1)
    crowd.runAway(await crowd.load('endless'))
    // The process is busy with something else, so that guests have little of its time
    const busy = () => {
      crowd.clock.advance(20)
      if (!crowd.over.signal.aborted) setImmediate(busy)
    }
    setImmediate(busy)
    const used = await crowd.after(20_000)
    const short = [0, 1, 2, 3, 4].reduce((sum, index) => sum + used(`short ${index}`), 0)
    assert.ok(used('endless') >= 0.8 * (short / 5), `${used('endless')} ms, and ${short} of five others`)
  },
  { tick: 0.01 },
)

simulation(
  'a step of a lease that waits for its turn ends with the lease',
  async (crowd) => {
    const module = await crowd.load('module')
    crowd.runAway(await crowd.load('endless'))
    const controller = new AbortController()
    let step: Promise<CurfewError> | undefined
    const lease = failure(
      module.use(
        (instance) => {
          step = failure(instance.call('run', [0]), 'aborted')
          return step
        },
        { signal: controller.signal },
      ),
      'aborted',
    )
    await nextTurn()
    controller.abort()
    await lease
    assert.equal((await step)?.phase, 'queued')
    await crowd.after(1)
  },
  { maxConcurrent: 1 },
)

simulation('a call counts the slices in which it ran', async (crowd) => {
  const slices: (number | undefined)[] = []
  crowd.onTick = () => slices.push(currentCall()?.slices)
  await (await crowd.load('module')).call('run', [9])
  // A poll comes after each tick: after the fourth the slice is over
  assert.deepEqual(slices, [1, 1, 1, 1, 2, 2, 2, 2, 3])
})

simulation('a host that has as many calls running as it may keeps no other host from running', async (crowd, bench) => {
  const full = new Crowd(bench, crowd.clock, { maxConcurrent: 1 })
  for (const module of await full.loadAll(3, 'full')) full.runAway(module)
  crowd.runAway(await crowd.load('other'))
  const [used] = await Promise.all([crowd.after(500), full.after(500)])
  assert.ok(used('other') >= 200, `${used('other')} ms of 500`)
  assert.ok((full.used.get('full 0') as number) >= 200)
  assert.equal(full.used.size, 1, 'the others wait for a stack')
})

simulation(
  'calls that are queued or suspended are rejected at their deadlines, not at the end of the slice in which these pass',
  async (crowd) => {
    const late: number[] = []
    const [busy, ...others] = await crowd.loadAll(40, 'runaway')
    crowd.runAway(busy as NonNullable<typeof busy>)
    const stops = others.flatMap((module, index) =>
      [0, 1].map(async (place) => {
        const timeout = 20 + index * 3.17 + place * 1.3
        const deadline = crowd.clock.time + timeout
        await failure(module.call('run', [0], { timeout }), 'deadline')
        late.push(crowd.clock.time - deadline)
      }),
    )
    await Promise.all([crowd.after(200), ...stops])
    assert.equal(late.length, 78)
    assert.ok(Math.min(...late) >= 0 && Math.max(...late) <= 0.15, `up to ${Math.max(...late)} ms late`)
  },
  { tick: 0.01 },
)

simulation('a call whose signal is aborted while it is queued or suspended is rejected before the next turn', async (crowd) => {
  const module = await crowd.load('module')
  const controller = new AbortController()
  const calls = [0, 1].map(() => failure(module.call('run', [0], { signal: controller.signal }), 'aborted'))
  await nextTurn()
  let turned = false
  setImmediate(() => {
    turned = true
  })
  controller.abort()
  const phases = (await Promise.all(calls)).map(({ phase }) => phase)
  assert.deepEqual([phases, turned], [['suspended', 'queued'], false])
})

simulation(`${UNWOUND_PER_TURN} suspended calls are stopped in one turn, and the others in the next ones`, async (crowd) => {
  crowd.runAway(await crowd.load('endless'))
  const modules = await crowd.loadAll(3 * UNWOUND_PER_TURN + 1, 'runaway')
  const stopped = new Map<number, number>()
  const calls = modules.map(async (module) => {
    const { phase } = await failure(module.call('run', [0], { timeout: 500 }), 'deadline')
    if (phase === 'suspended') stopped.set(crowd.turn, (stopped.get(crowd.turn) ?? 0) + 1)
  })
  await Promise.all([crowd.after(510), ...calls])
  const counts = [...stopped.values()]
  assert.ok(counts.reduce((sum, count) => sum + count) >= modules.length - 3)
  assert.ok(Math.max(...counts) <= UNWOUND_PER_TURN && counts.length <= 8, `stopped in each turn: ${counts}`)
})

behaviour('an instance that takes long to make is charged to the turn: the next call waits for another', async (bench) => {
  await withFakeClock(async (clock) => {
    const crowd = new Crowd(bench, clock)
    const [slow, other] = [await crowd.load('slow', {}, { making: 3 }), await crowd.load('other')]
    await nextTurn()
    let turned = false
    setImmediate(() => {
      turned = true
    })
    await failure(slow.call('trap', [1]))
    await other.call('run', [1])
    assert.ok(turned)
  })
})

for (const [kind, calls, modules] of [
  ['queued', 9_900, 1],
  ['suspended', 1, 900],
] as const) {
  simulation(`a turn takes no look at each of the calls that are ${kind}`, async (crowd) => {
    let looks = 0
    Object.defineProperty(crowd.over.signal, 'aborted', { get: () => ++looks < 0 })
    for (const module of await crowd.loadAll(modules, 'runaway')) for (let call = 0; call < calls; call++) crowd.runAway(module)
    while (crowd.clock.time < 1_000) await nextTurn()
    const before = looks
    const ticks = 400
    while (crowd.clock.time < 1_000 + ticks / 4) await nextTurn()
    // That of the guest that runs, at its polls and host functions
    assert.ok(looks - before <= 6 * ticks, `${looks - before} looks at ${calls * modules} calls`)
    await crowd.after(1)
  })
}
