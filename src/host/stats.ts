import type { ErrorCode } from '../errors.ts'

/** What a module has done so far. */
export interface ModuleStats {
  /** Calls that ended, however; those through leases and nested ones included. Not those with wrong arguments, which never reach the module. */
  readonly calls: number
  /** How they ended, by `ok` or error code. */
  readonly outcomes: Readonly<Partial<Record<'ok' | ErrorCode, number>>>
  /** Instances made after the first. */
  readonly restarts: number
  /** Number of the present instance, from 1. */
  readonly generation: number
  /** Milliseconds that its guests ran. */
  readonly cpu: number
}

export class Stats {
  #calls = 0
  #ok = 0
  #cpu = 0
  readonly #outcomes: Partial<Record<ErrorCode, number>> = {}
  generation = 0

  countOk(cpu: number): void {
    this.#calls++
    this.#cpu += cpu
    this.#ok++
  }

  count(outcome: ErrorCode, cpu: number): void {
    this.#calls++
    this.#cpu += cpu
    this.#outcomes[outcome] = (this.#outcomes[outcome] ?? 0) + 1
  }

  get snapshot(): ModuleStats {
    return {
      calls: this.#calls,
      outcomes: { ...(this.#ok > 0 ? { ok: this.#ok } : {}), ...this.#outcomes },
      restarts: Math.max(0, this.generation - 1),
      generation: this.generation,
      cpu: this.#cpu,
    }
  }
}
