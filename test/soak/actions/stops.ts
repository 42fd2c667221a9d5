/** Guests that run away, trap, or take all memory that they get. */
import type { Action } from './action.ts'

export const runaway: Action = {
  name: 'runaway',
  weight: 30,
  async run({ fleet, random, saw }) {
    const plugin = fleet.pick(random)
    const { outcome } = random.oneIn(2)
      ? await plugin.call('spin', [], ['deadline'], { timeout: random.between(1, 20) })
      : await plugin.call('spin', [], ['cpu-timeout'], { cpuTimeout: random.between(1, 5) })
    saw(outcome)
  },
}

export const trap: Action = {
  name: 'trap',
  weight: 30,
  async run({ fleet, random, saw }) {
    saw((await fleet.pick(random).call('trap', [], ['trap'])).outcome)
  },
}

export const recursion: Action = {
  name: 'endless recursion',
  weight: 5,
  async run({ fleet, random, saw }) {
    saw((await fleet.pick(random).call('recurse', [1], ['stack-overflow'])).outcome)
  },
}

export const hog: Action = {
  name: 'memory hog',
  weight: 15,
  async run({ fleet, random, saw }) {
    saw((await fleet.pickWithMemory(random).call('hog', [], ['deadline'], { timeout: random.between(5, 20) })).outcome)
  },
}
