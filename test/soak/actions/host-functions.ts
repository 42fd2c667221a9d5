/** Guests that call the host: which throws, calls back into them, or closes them meanwhile. */
import type { Outcome } from '../account.ts'
import type { Fleet } from '../fleet.ts'
import type { Plugin } from '../plugin.ts'
import type { Action } from './action.ts'

interface Behaviour {
  readonly expected: readonly Outcome[]
  readonly returns?: number
  /** Does it call back into its guest? It cannot from another thread. */
  readonly nests?: true
  host(plugin: Plugin, fleet: Fleet): number
}

const BEHAVIOURS: readonly Behaviour[] = [
  { expected: ['ok'], returns: 1, host: () => 1 },
  {
    expected: ['host-function'],
    host() {
      throw new Error('the host is not in the mood')
    },
  },
  // Of a former version of the module they are no calls back into the guest, but calls of the present version
  { expected: ['ok', 'host-function'], returns: 3, nests: true, host: (plugin) => nested(plugin, 'add', [1, 2], ['ok', 'busy']) },
  {
    expected: ['nested-timeout', 'deadline', 'host-function'],
    nests: true,
    host: (plugin) => nested(plugin, 'spin', [], ['nested-timeout', 'deadline', 'busy'], 2),
  },
  { expected: ['trap', 'host-function'], nests: true, host: (plugin) => nested(plugin, 'trap', [], ['trap', 'busy']) },
  {
    expected: ['closed'],
    host(plugin, fleet) {
      void fleet.renew(plugin)
      return 1
    },
  },
]

/** A call back into the guest. It is counted as a call of its own, and what it throws goes through the guest. */
function nested(plugin: Plugin, name: string, args: readonly unknown[], expected: readonly Outcome[], timeout?: number): number {
  const { value, error } = plugin.callSync(name, args, expected, timeout === undefined ? {} : { timeout })
  if (error !== undefined) throw error
  return (value as number[])[0] as number
}

export const hostFunction: Action = {
  name: 'host function',
  weight: 60,
  async run({ fleet, random, saw }) {
    const plugin = fleet.pick(random)
    const behaviour = random.pick(BEHAVIOURS.filter(({ nests }) => fleet.host.threads === 0 || !nests))
    const { expected, returns } = behaviour
    plugin.host = (value) => (BEHAVIOURS[value] as Behaviour).host(plugin, fleet)
    saw((await plugin.call('ask', [BEHAVIOURS.indexOf(behaviour)], expected, {}, returns)).outcome)
    await plugin.renewal
  },
}
