/** Everything that is measured, in the order of the output. */

import { compute, flight, latency, texts } from '../comparison/calls.ts'
import { density } from '../comparison/density.ts'
import { loading } from '../comparison/loading.ts'
import { runaways } from '../comparison/runaways.ts'
import { scaling } from '../comparison/scaling.ts'
import { deadline, recovery } from '../comparison/stops.ts'
import type { Subject } from '../figures.ts'
import { calls } from './calls.ts'
import { collections } from './collections.ts'
import { crowd } from './crowd.ts'
import { exchanges } from './exchanges.ts'
import { guarding } from './guard.ts'
import { hostFunctions } from './host-functions.ts'
import { instances } from './instances.ts'
import { kernels } from './kernels.ts'
import { memory } from './memory.ts'
import { plugins } from './plugins.ts'
import { real } from './real.ts'
import { lag, overshoot, restart } from './stops.ts'
import { threads } from './threads.ts'
import { weights } from './weights.ts'

/** Curfew beside what one may pick instead: what a run is about if nothing else is said. */
export const PEERS: readonly Subject[] = [latency, texts, flight, compute, deadline, recovery, loading, density, runaways, scaling]

/** Curfew alone, against its goals. */
const GOALS: readonly Subject[] = [
  calls,
  hostFunctions,
  exchanges,
  overshoot,
  lag,
  restart,
  crowd,
  threads,
  instances,
  kernels,
  real,
  guarding,
  weights,
  memory,
  collections,
  plugins,
]

export const SUBJECTS: readonly Subject[] = [...PEERS, ...GOALS]
