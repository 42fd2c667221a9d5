/** Guests that wait for the host: whose promise is kept, is broken, or never settles; which calls or closes their module meanwhile. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { CallOptions } from '../../../src/index.ts'
import type { Outcome, Seen } from '../account.ts'
import type { Fleet } from '../fleet.ts'
import type { Plugin } from '../plugin.ts'
import { aborting } from './aborts.ts'
import type { Action } from './action.ts'

/** After so long, ms, a promise is kept. */
const SOON = 5
/** Of a call whose promise is not, ms. */
const TIMEOUT = 15

interface Behaviour {
  readonly expected: readonly Outcome[]
  readonly returns?: number
  readonly options?: CallOptions
  later(plugin: Plugin, fleet: Fleet): Promise<number>
}

const KEPT: Behaviour = { expected: ['ok'], returns: 1, later: () => sleep(SOON, 1) }
const NEVER: Behaviour = { expected: ['deadline'], options: { timeout: TIMEOUT }, later: () => new Promise(() => undefined) }

const BEHAVIOURS: readonly Behaviour[] = [
  KEPT,
  NEVER,
  { expected: ['ok'], returns: 2, later: async () => 2 },
  {
    expected: ['host-function'],
    async later() {
      await sleep(1)
      throw new Error('the host has thought better of it')
    },
  },
  {
    expected: ['ok'],
    returns: 3,
    async later(plugin) {
      await sleep(1)
      // The instance that waits is in use: another takes it, or nobody does
      await plugin.call('id', [], ['ok', 'deadline'], { timeout: SOON }, plugin.number)
      return 3
    },
  },
  {
    expected: ['closed'],
    async later(plugin, fleet) {
      await sleep(1)
      void fleet.renew(plugin)
      return 4
    },
  },
]

export const wait: Action = {
  name: 'wait for the host',
  weight: 60,
  needs: 'waiting guests',
  async run({ fleet, random, saw }) {
    const plugin = fleet.pickWaiting(random)
    saw((await waiting(plugin, fleet, random.pick(BEHAVIOURS))).outcome)
    await plugin.renewal
  },
}

export const abortedWait: Action = {
  name: 'aborted while it waits for the host',
  weight: 10,
  needs: 'waiting guests',
  async run(stage) {
    const plugin = stage.fleet.pickWaiting(stage.random)
    await aborting(stage, (signal) => waiting(plugin, stage.fleet, NEVER, ['aborted', 'deadline'], signal))
  },
}

/** A call that waits for the host for some ms, and returns. */
export function waitSoon(plugin: Plugin, fleet: Fleet): Promise<Seen> {
  return waiting(plugin, fleet, KEPT)
}

function waiting(plugin: Plugin, fleet: Fleet, behaviour: Behaviour, expected = behaviour.expected, signal?: AbortSignal): Promise<Seen> {
  const { options, returns } = behaviour
  plugin.later = (value) => (BEHAVIOURS[value] as Behaviour).later(plugin, fleet)
  return plugin.call('wait', [BEHAVIOURS.indexOf(behaviour)], expected, { ...options, ...(signal === undefined ? {} : { signal }) }, returns)
}
