/** What kinds of plugins a soak has: which slot of the fleet has which, so that every mixture of features is somewhere. */
import type { Host, LoadOptions } from '../../src/index.ts'
import type { Shape } from './plugins.ts'

export interface Kind extends Shape {
  /** How it is run, as it is loaded. */
  readonly terms: Pick<LoadOptions, 'instances' | 'reuse' | 'maxQueue' | 'group' | 'weight'>
}

/** Of so many plugins one has a memory: they are the scarcest of what a process has, with room for some 13,000. */
export const WITH_MEMORY = 4
/** Of so many two are watched, one of them with a memory. */
const WATCHED = 8
/** Of so many one waits for `async` functions. */
export const WAITING = 3
/** Of so many one has several instances; of others, each call has an instance of its own. */
const PARALLEL = 9
const PRISTINE = 7
const INSTANCES = 3
/** Of so many one has a queue that floods fill. */
const SHORT_QUEUE = 11
const MAX_QUEUE = 20
/** Of so many one is in a group; each group has so many members, and a weight by its number. */
const GROUPED = 5
const MEMBERS = 10
const WEIGHTS = [0.5, 1, 4]

export function kindOf(slot: number, host: Host): Kind {
  return {
    memory: slot % WITH_MEMORY === 0,
    // What has a state cannot be imported from another thread
    watched: slot % WATCHED < 2 && host.threads === 0,
    waits: slot % WAITING === 0 && host.features.jspi,
    terms: {
      ...(slot % PARALLEL === 0 ? { instances: INSTANCES } : {}),
      ...(slot % PRISTINE === 0 ? { reuse: 'never' } : {}),
      ...(slot % SHORT_QUEUE === 0 ? { maxQueue: MAX_QUEUE } : {}),
      ...(slot % GROUPED === 0 ? groupOf(Math.floor(slot / (GROUPED * MEMBERS))) : {}),
    },
  }
}

/** Instances that it has while nothing happens. */
export function instancesOf({ terms }: Kind): number {
  return terms.instances ?? 1
}

function groupOf(number: number): Pick<LoadOptions, 'group' | 'weight'> {
  return { group: `group ${number}`, weight: WEIGHTS[number % WEIGHTS.length] as number }
}
