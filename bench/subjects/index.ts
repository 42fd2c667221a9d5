/** Everything that is measured, by id, in the order of the output. Nothing is loaded until it is measured: whoever asks for help has not built anything yet. */
import type { Subject } from '../figures.ts'

type Subjects = Readonly<Record<string, () => Promise<Subject>>>

/** Curfew beside what one may pick instead: what a run is about if nothing else is said. */
export const PEERS: Subjects = {
  latency: async () => (await import('../comparison/calls.ts')).latency,
  texts: async () => (await import('../comparison/calls.ts')).texts,
  flight: async () => (await import('../comparison/calls.ts')).flight,
  compute: async () => (await import('../comparison/calls.ts')).compute,
  deadline: async () => (await import('../comparison/stops.ts')).deadline,
  recovery: async () => (await import('../comparison/stops.ts')).recovery,
  loading: async () => (await import('../comparison/loading.ts')).loading,
  density: async () => (await import('../comparison/density.ts')).density,
  runaways: async () => (await import('../comparison/runaways.ts')).runaways,
  scaling: async () => (await import('../comparison/scaling.ts')).scaling,
}

/** Curfew alone, against its goals. */
const GOALS: Subjects = {
  calls: async () => (await import('./calls.ts')).calls,
  'host-functions': async () => (await import('./host-functions.ts')).hostFunctions,
  text: async () => (await import('./exchanges.ts')).exchanges,
  overshoot: async () => (await import('./stops.ts')).overshoot,
  lag: async () => (await import('./stops.ts')).lag,
  restart: async () => (await import('./stops.ts')).restart,
  crowd: async () => (await import('./crowd.ts')).crowd,
  threads: async () => (await import('./threads.ts')).threads,
  instances: async () => (await import('./instances.ts')).instances,
  kernels: async () => (await import('./kernels.ts')).kernels,
  real: async () => (await import('./real.ts')).real,
  guard: async () => (await import('./guard.ts')).guarding,
  weights: async () => (await import('./weights.ts')).weights,
  memory: async () => (await import('./memory.ts')).memory,
  collections: async () => (await import('./collections.ts')).collections,
  plugins: async () => (await import('./plugins.ts')).plugins,
}

export const SUBJECTS: Subjects = { ...PEERS, ...GOALS }
