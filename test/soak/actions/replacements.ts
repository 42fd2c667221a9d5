/** Modules that are replaced by another version: while they serve, wait, are held, or are closed; and by one that fails. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Action } from './action.ts'
import { FAILING } from './loads.ts'
import { waitSoon } from './waits.ts'

/** A former version is held for so long, ms. */
const HELD = 10

export const replacement: Action = {
  name: 'replace',
  weight: 15,
  async run({ fleet, random, saw }) {
    const plugin = fleet.pick(random)
    const asked = plugin.kind.waits ? waitSoon(plugin, fleet) : plugin.call('sum', [10], ['ok'], {}, 55)
    saw(await fleet.replace(plugin))
    await asked
  },
}

export const heldReplacement: Action = {
  name: 'replace what is held',
  weight: 8,
  async run({ fleet, random, saw }) {
    const plugin = fleet.pick(random)
    const held = plugin.use(
      async (instance) => {
        await plugin.step('id', instance.call('id'), ['ok'])
        await sleep(HELD)
        await plugin.step('id of a former version', instance.call('id'), ['ok'])
      },
      ['ok', 'stale'],
    )
    saw(await fleet.replace(plugin, { drainTimeout: random.between(1, 2 * HELD) }))
    await held
  },
}

export const closedReplacement: Action = {
  name: 'close while another version is loaded',
  weight: 5,
  async run({ fleet, random, saw }) {
    const plugin = fleet.pick(random)
    const replaced = fleet.replace(plugin)
    if (random.oneIn(2)) await sleep(random.below(3))
    await fleet.renew(plugin)
    saw(await replaced)
  },
}

export const failingReplacement: Action = {
  name: 'replace by what fails',
  weight: 10,
  async run({ fleet, random, saw }) {
    const plugin = fleet.pick(random)
    const { bytes, expected, options } = random.pick(FAILING)
    // Without imports, which are those of the module otherwise
    saw(await plugin.replace(bytes, plugin.number, [expected], { imports: {}, ...options }))
    await plugin.call('id', [], ['ok'], {}, plugin.number)
  },
}
