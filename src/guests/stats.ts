import type { CurfewError, ErrorCode } from '../errors.ts'
import type { Call } from '../runtime/call.ts'

/** What a module has done so far. */
export interface ModuleStats {
  /** Calls that ended, however; those through leases and nested ones included. Not those with wrong arguments, which never reach the module. */
  readonly calls: number
  /** How they ended, by `ok` or error code. */
  readonly outcomes: Readonly<Partial<Record<'ok' | ErrorCode, number>>>
  /** Instances made after those of the load. */
  readonly restarts: number
  /** Instances made so far. */
  readonly generation: number
  /** Milliseconds that its guests ran. */
  readonly cpu: number
  /** Fuel that its calls burnt, and the one that ended last; 0 for a module that counts none. */
  readonly fuel: bigint
  readonly lastFuel: bigint
}

export class Stats {
  #calls = 0
  /** Those whose guest ran, nested ones excluded. */
  #entered = 0
  #ok = 0
  #cpu = 0
  #fuel = 0n
  #lastFuel = 0n
  readonly #outcomes: Partial<Record<ErrorCode, number>> = {}
  generation = 0
  readonly #first: number

  /** @param first instances made at load */
  constructor(first: number) {
    this.#first = first
  }

  /** A call has ended. @param isNested in another of the same module, whose figures have its own in them */
  count(outcome: 'ok' | ErrorCode, { cpu, portion }: Call, isNested: boolean): void {
    this.#calls++
    if (outcome === 'ok') this.#ok++
    else this.#outcomes[outcome] = (this.#outcomes[outcome] ?? 0) + 1
    if (isNested) return
    this.#entered++
    this.#cpu += cpu
    if (portion === undefined) return
    this.#lastFuel = portion.used
    this.#fuel += this.#lastFuel
  }

  /** A call ended before its guest ran. */
  countRefused(outcome: ErrorCode): void {
    this.#calls++
    this.#outcomes[outcome] = (this.#outcomes[outcome] ?? 0) + 1
  }

  /** Counts a call that is refused. @returns why it is */
  refused(why: CurfewError): CurfewError {
    this.countRefused(why.code)
    return why
  }

  /** ms that its guests ran for a call that was not refused, on average. */
  get meanCpu(): number {
    return this.#entered === 0 ? 0 : this.#cpu / this.#entered
  }

  get snapshot(): ModuleStats {
    return {
      calls: this.#calls,
      outcomes: { ...(this.#ok > 0 ? { ok: this.#ok } : {}), ...this.#outcomes },
      restarts: Math.max(0, this.generation - this.#first),
      generation: this.generation,
      cpu: this.#cpu,
      fuel: this.#fuel,
      lastFuel: this.#lastFuel,
    }
  }
}

/** What two guests of one module have done. @param present the one whose generation and last fuel count */
export function sumOfStats(present: ModuleStats, former: ModuleStats): ModuleStats {
  const outcomes = { ...present.outcomes }
  for (const [code, count] of Object.entries(former.outcomes) as [ErrorCode, number][]) outcomes[code] = (outcomes[code] ?? 0) + count
  return {
    calls: present.calls + former.calls,
    outcomes,
    restarts: present.restarts + former.restarts,
    generation: present.generation + former.generation,
    cpu: present.cpu + former.cpu,
    fuel: present.fuel + former.fuel,
    lastFuel: present.lastFuel,
  }
}
