/** The figures of a module on another thread: what the present one has told, what those before it had, and what no thread has seen. */
import { type ModuleStats, Stats, sumOfStats } from '../guests/stats.ts'
import type { Report } from './messages.ts'

const NONE = new Stats(0).snapshot

export class RemoteStats {
  /** Of calls that no thread has seen. */
  readonly own = new Stats(0)
  /** Of threads that are gone. */
  #before = NONE
  #present = NONE

  get snapshot(): ModuleStats {
    return sumOfStats(sumOfStats(this.#present, this.#before), this.own.snapshot)
  }

  /** @returns for how many ms its guests have run since the report before */
  update(report: Extract<Report, { readonly verb: 'stats' | 'ran' }>): number {
    const before = this.#present
    this.#present = report.verb === 'stats' ? report.stats : furtherStats(before, report)
    return this.#present.cpu - before.cpu
  }

  /** The thread is gone. */
  lost(): void {
    this.#before = sumOfStats(this.#present, this.#before)
    this.#present = NONE
  }
}

function furtherStats(before: ModuleStats, { calls, cpu }: Extract<Report, { readonly verb: 'ran' }>): ModuleStats {
  return { ...before, calls: before.calls + calls, cpu, outcomes: { ...before.outcomes, ok: (before.outcomes.ok ?? 0) + calls } }
}
