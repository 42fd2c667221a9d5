/** Instances held for several steps: properly, too long, through a stop, given back too early. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Lease } from '../../../src/index.ts'
import type { Plugin } from '../plugin.ts'
import { aborting } from './aborts.ts'
import type { Action, Stage } from './action.ts'

const ADDRESS = 1_024
const MOST_STEPS = 20
const TEXT = new TextEncoder().encode('a message of some length for the guest')

export const lease: Action = {
  name: 'lease',
  weight: 30,
  async run({ fleet, random, violations, saw }) {
    const plugin = fleet.pickWithMemory(random)
    const { outcome } = await plugin.use(
      async (instance) => {
        const { value } = await plugin.step('alloc', instance.call('alloc', [TEXT.length]), ['ok'])
        if (value === undefined) return
        await instance.write(ADDRESS, TEXT)
        await plugin.step('id', instance.call('id'), ['ok'])
        const read = await instance.read(ADDRESS, TEXT.length)
        if (Buffer.compare(read, TEXT) !== 0) violations.add(`${plugin.module.name} was written ${TEXT.join()} and read ${read.join()}`)
      },
      ['ok', 'stale'],
    )
    saw(outcome)
  },
}

export const heldTooLong: Action = {
  name: 'lease held too long',
  weight: 8,
  async run({ fleet, random, saw }) {
    const plugin = fleet.pick(random)
    const { outcome } = await plugin.use(() => new Promise(() => undefined), ['lease-timeout'], { timeout: random.between(1, 20) })
    saw(outcome)
  },
}

export const stoppedStep: Action = {
  name: 'lease whose step is stopped',
  weight: 8,
  async run({ fleet, random, saw }) {
    const plugin = fleet.pick(random)
    const { outcome } = await plugin.use(
      async (instance) => {
        const { error } = await plugin.step('spin', instance.call('spin', [], { timeout: random.between(1, 10) }), ['deadline'])
        // A deadline that passed before the guest ran has done the instance no harm
        await plugin.step('id after a stop', instance.call('id'), error?.ran === false ? ['ok'] : ['stale'])
      },
      ['ok'],
    )
    saw(outcome)
  },
}

export const abandonedStep: Action = {
  name: 'lease given back while a step runs',
  weight: 8,
  async run({ fleet, random, saw }) {
    const plugin = fleet.pick(random)
    const steps: Promise<unknown>[] = []
    const { outcome } = await plugin.use(
      async (instance) => {
        steps.push(plugin.step('spin', instance.call('spin', [], { timeout: 10 }), ['deadline']))
        steps.push(plugin.step('id behind it', instance.call('id'), ['ok']))
        await sleep(random.below(3))
      },
      ['ok'],
    )
    await Promise.all(steps)
    saw(outcome)
  },
}

export const abortedLease: Action = {
  name: 'lease that is aborted',
  weight: 8,
  async run(stage: Stage) {
    const plugin = stage.fleet.pick(stage.random)
    await aborting(stage, (signal) => plugin.use((instance) => manySteps(plugin, instance), ['aborted', 'ok'], { signal }))
  },
}

async function manySteps(plugin: Plugin, instance: Lease): Promise<void> {
  for (let step = 0; step < MOST_STEPS; step++) {
    const { outcome } = await plugin.step('id', instance.call('id'), ['ok', 'aborted'])
    if (outcome !== 'ok') return
    await sleep(1)
  }
}
