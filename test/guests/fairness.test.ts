/** Shares of CPU time, simulated on a fake clock. Without JSPI there is nothing to share: each call runs to its end. */
import assert from 'node:assert/strict'
import { HALF_LIFE } from '../../src/runtime/account.ts'
import { canSuspend } from '../../src/runtime/thread.ts'
import { withFakeClock } from '../support/fake-clock.ts'
import { type Bench, behaviour } from '../support/host.ts'
import { Crowd } from './crowd.ts'

function simulation(claim: string, simulate: (crowd: Crowd, bench: Bench) => Promise<void>): void {
  if (canSuspend) behaviour(claim, (bench) => withFakeClock((clock) => simulate(new Crowd(bench, clock), bench)))
}

function near(actual: number, expected: number, tolerance: number): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} in place of ${expected} +- ${tolerance}`)
}

simulation('shares of CPU time are in proportion to weights', async (crowd) => {
  for (const weight of [1, 2, 4]) crowd.runAway(await crowd.load(`weight ${weight}`, { weight }))
  const used = await crowd.after(14_000)
  for (const weight of [1, 2, 4]) near(used(`weight ${weight}`), weight * 2_000, 100)
})

simulation('a group of 50 modules gets what one module of the same weight gets', async (crowd) => {
  const grouped = await crowd.loadAll(50, 'grouped', { group: 'many', weight: 2 })
  for (const module of grouped) crowd.runAway(module)
  crowd.runAway(await crowd.load('single', { weight: 2 }))
  const used = await crowd.after(10_000)
  near(used('single'), 5_000, 150)
  for (const { name } of grouped) near(used(name), 100, 10)
})

simulation('a module whose calls trap and begin again gets no more than one whose call goes on', async (crowd) => {
  const restarting = await crowd.load('restarting')
  crowd.runAway(await crowd.load('endless'))
  crowd.keepCalling(restarting, 'trap', 20)
  const used = await crowd.after(10_000)
  near(used('restarting'), 5_000, 200)
  near(used('endless'), 5_000, 200)
})

simulation('a module that is closed and loaded anew under its name does not begin anew', async (crowd) => {
  const use = async (module: { call(name: string, args: unknown[]): Promise<unknown> }) => module.call('run', [4_000])
  const module = await crowd.load('again')
  await use(module)
  await module.close()
  const both = [await crowd.load('other'), await crowd.load('again')]
  for (const each of both) crowd.runAway(each)
  const used = await crowd.after(200)
  assert.ok(used('again') <= 200 / 8, `${used('again')} ms of 200`)
})

for (const idle of [5, 50]) {
  simulation(`after ${idle} half-lives of doing nothing, a module is ahead by what is remembered at most`, async (crowd) => {
    const late = await crowd.load('late')
    crowd.runAway(await crowd.load('busy'))
    const began = new Promise<void>((resolve) => {
      crowd.onTick = () => {
        if (crowd.clock.time < idle * HALF_LIFE) return
        crowd.onTick = () => undefined
        resolve()
      }
    })
    await began
    crowd.runAway(late)
    const used = await crowd.after(6 * HALF_LIFE)
    const ahead = used('late') - used('busy')
    assert.ok(ahead > 0 && ahead <= HALF_LIFE / Math.LN2, `ahead by ${ahead} ms`)
  })
}

const WAYS: Readonly<Record<string, (crowd: Crowd) => Promise<unknown>>> = {
  call: async (crowd) => (await crowd.load('spender')).call('run', [2_000]),
  callSync: async (crowd) => (await crowd.load('spender')).callSync('run', [2_000], { timeout: Number.POSITIVE_INFINITY }),
  'a great many `callSync` that do not look at the clock': async (crowd) => {
    const module = await crowd.load('spender')
    for (let call = 0; call < 1_500_000; call++) module.callSync('nothing', [], { timeout: Number.POSITIVE_INFINITY })
  },
  'a lease': async (crowd) => (await crowd.load('spender')).use((instance) => instance.call('run', [2_000])),
  'a start function': (crowd) => crowd.load('spender', {}, { start: 2_000 }),
  setup: (crowd) => crowd.load('spender', { setup: (instance) => instance.call('run', [2_000]) }),
  'another module of its group': async (crowd) => (await crowd.load('accomplice', { group: 'spenders' })).call('run', [2_000]),
}
for (const [way, spend] of Object.entries(WAYS)) {
  simulation(`what was used by ${way} is charged: others come first`, async (crowd) => {
    await spend(crowd)
    const group = way.includes('group') ? 'spenders' : undefined
    const spender = crowd.host.modules.get('spender') ?? (await crowd.load('spender', group === undefined ? {} : { group }))
    const other = await crowd.load('other')
    crowd.runAway(spender)
    crowd.runAway(other)
    const used = await crowd.after(200)
    assert.ok(used('spender') <= 200 / 8, `${used('spender')} ms of 200`)
  })
}

simulation('a slow instantiation is charged to its module', async (crowd) => {
  const slow = await crowd.load('slow', {}, { making: 5 })
  crowd.runAway(await crowd.load('endless'))
  crowd.keepCalling(slow, 'trap', 1)
  const used = await crowd.after(10_000)
  near(used('endless'), 5_000, 300)
})
