/** All that happens in a soak. */
import type { Host } from '../../../src/index.ts'
import { abortedBefore, abortedRunning, abortedWaiting } from './aborts.ts'
import type { Action } from './action.ts'
import { flood, shortCall, syncCall, wrongCall } from './calls.ts'
import { hostFunction } from './host-functions.ts'
import { fullHost, stats } from './hosts.ts'
import { abandonedStep, abortedLease, heldTooLong, lease, stoppedStep } from './leases.ts'
import { abortedLoad, failingLoad, nameInUse, renewal } from './loads.ts'
import { closedReplacement, failingReplacement, heldReplacement, replacement } from './replacements.ts'
import { hog, recursion, runaway, trap } from './stops.ts'
import { abortedWait, wait } from './waits.ts'

const ACTIONS: readonly Action[] = [
  shortCall,
  syncCall,
  wrongCall,
  flood,
  runaway,
  trap,
  recursion,
  hog,
  abortedBefore,
  abortedWaiting,
  abortedRunning,
  hostFunction,
  wait,
  abortedWait,
  lease,
  heldTooLong,
  stoppedStep,
  abandonedStep,
  abortedLease,
  renewal,
  failingLoad,
  nameInUse,
  abortedLoad,
  replacement,
  failingReplacement,
  heldReplacement,
  closedReplacement,
  fullHost,
  stats,
]

/** Those that can be on a host. */
export function actionsFor({ threads, features }: Pick<Host, 'threads' | 'features'>): readonly Action[] {
  return ACTIONS.filter(({ needs }) => !(needs === 'this thread' && threads > 0) && !(needs === 'waiting guests' && !features.jspi))
}
