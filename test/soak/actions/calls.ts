/** Calls that do little and return what they should. */
import type { Seen } from '../account.ts'
import type { Plugin } from '../plugin.ts'
import type { Action } from './action.ts'

/** At most so many calls of one module at once: more than may wait. */
const MOST_AT_ONCE = 1_500

export const shortCall: Action = {
  name: 'short call',
  weight: 300,
  async run({ fleet, random, saw }) {
    const plugin = fleet.pick(random)
    const n = random.between(1, 1_000)
    const calls: (() => Promise<Seen>)[] = [
      () => plugin.call('id', [], ['ok'], {}, plugin.number),
      () => plugin.call('add', [n, 1], ['ok'], {}, n + 1),
      () => plugin.call('sum', [n], ['ok'], {}, (n * (n + 1)) / 2),
    ]
    saw((await random.pick(calls)()).outcome)
  },
}

export const syncCall: Action = {
  name: 'callSync',
  weight: 100,
  needs: 'this thread',
  async run({ fleet, random, saw }) {
    const plugin = fleet.pick(random)
    if (random.oneIn(10)) saw(plugin.callSync('spin', [], ['deadline', 'busy'], { timeout: 1 }).outcome)
    else saw(plugin.callSync('id', [], ['ok', 'busy'], {}, plugin.number).outcome)
  },
}

export const wrongCall: Action = {
  name: 'wrong arguments',
  weight: 10,
  async run({ fleet, random, saw }) {
    const plugin = fleet.pick(random)
    // Neither reaches the module, nor its stats
    saw(await refused(plugin, plugin.module.call('add', [1]), 'bad-argument'))
    saw(await refused(plugin, plugin.module.call('nothing'), 'no-such-function'))
  },
}

async function refused(plugin: Plugin, attempt: Promise<unknown>, code: 'bad-argument' | 'no-such-function'): Promise<string> {
  const seen = await plugin.account.settle(attempt, () => false)
  plugin.expect('a wrong call', seen, [code])
  return seen.outcome
}

export const flood: Action = {
  name: 'many calls at once of one module',
  weight: 1,
  async run({ fleet, random, saw }) {
    const plugin = fleet.pick(random)
    const calls = Array.from({ length: random.spread(MOST_AT_ONCE) }, () => plugin.call('id', [], ['ok'], {}, plugin.number))
    for (const { outcome } of await Promise.all(calls)) saw(outcome)
  },
}
