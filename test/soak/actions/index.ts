/** All that happens in a soak. */

import { abortedBefore, abortedRunning, abortedWaiting } from './aborts.ts'
import type { Action } from './action.ts'
import { flood, shortCall, syncCall, wrongCall } from './calls.ts'
import { hostFunction } from './host-functions.ts'
import { abandonedStep, abortedLease, heldTooLong, lease, stoppedStep } from './leases.ts'
import { abortedLoad, failingLoad, nameInUse, renewal } from './loads.ts'
import { hog, recursion, runaway, trap } from './stops.ts'

export const ACTIONS: readonly Action[] = [
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
  lease,
  heldTooLong,
  stoppedStep,
  abandonedStep,
  abortedLease,
  renewal,
  failingLoad,
  nameInUse,
  abortedLoad,
]
