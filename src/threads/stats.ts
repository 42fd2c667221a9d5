/** Figures of a module whose parts ran on several threads, at a time or one after the other. */
import type { ModuleStats } from '../guests/stats.ts'

export const NO_STATS: ModuleStats = { calls: 0, outcomes: {}, restarts: 0, generation: 0, cpu: 0, fuel: 0n, lastFuel: 0n }

export function sum(a: ModuleStats, b: ModuleStats): ModuleStats {
  const outcomes: Record<string, number> = { ...a.outcomes }
  for (const [outcome, count] of Object.entries(b.outcomes)) outcomes[outcome] = (outcomes[outcome] ?? 0) + count
  return {
    calls: a.calls + b.calls,
    outcomes,
    restarts: a.restarts + b.restarts,
    generation: a.generation + b.generation,
    cpu: a.cpu + b.cpu,
    fuel: a.fuel + b.fuel,
    lastFuel: b.lastFuel === 0n ? a.lastFuel : b.lastFuel,
  }
}

/** The figures of a module that begins again on another thread: its first instance there is a restart. */
export function continued(before: ModuleStats, after: ModuleStats): ModuleStats {
  const both = sum(before, after)
  return before.generation > 0 && after.generation > 0 ? { ...both, restarts: both.restarts + 1 } : both
}
