/** What the callers of one module saw of their calls: to agree, call by call, with what its `stats` say. */
import { CurfewError, type ErrorCode, type ModuleStats } from '../../src/index.ts'

export type Outcome = 'ok' | ErrorCode

/** How an attempt ended for who made it. */
export interface Seen {
  readonly outcome: Outcome
  readonly value: unknown
  readonly error: CurfewError | undefined
}

/** Attempts that were made and have not ended, and those that were counted. */
export class Account {
  readonly #outcomes = new Map<Outcome, number>()
  #pending = 0
  #idle = Promise.withResolvers<void>()

  get pending(): number {
    return this.#pending
  }

  /** A call that the module counts has ended. */
  count(outcome: Outcome): void {
    this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + 1)
  }

  /**
   * Waits for an attempt. What it is rejected with must be an error of Curfew.
   * @param counts does the module count what ended so?
   */
  async settle(attempt: Promise<unknown>, counts: (seen: Seen) => boolean): Promise<Seen> {
    this.#pending++
    try {
      const seen = await seenOf(attempt)
      if (counts(seen)) this.count(seen.outcome)
      return seen
    } finally {
      this.#pending--
      if (this.#pending === 0) {
        this.#idle.resolve()
        this.#idle = Promise.withResolvers()
      }
    }
  }

  /** Resolves when no attempt is pending. */
  async idle(): Promise<void> {
    while (this.#pending > 0) await this.#idle.promise
  }

  /** Where the callers and the module disagree; only when nothing is pending can they agree. */
  differences({ calls, outcomes }: ModuleStats): string[] {
    const found: string[] = []
    let sum = 0
    for (const outcome of new Set([...this.#outcomes.keys(), ...(Object.keys(outcomes) as Outcome[])])) {
      const [seen, counted] = [this.#outcomes.get(outcome) ?? 0, outcomes[outcome] ?? 0]
      sum += seen
      if (seen !== counted) found.push(`callers saw ${seen} times ${outcome}, the module counted ${counted}`)
    }
    if (sum !== calls) found.push(`callers saw ${sum} calls end, the module counted ${calls}`)
    return found
  }
}

async function seenOf(attempt: Promise<unknown>): Promise<Seen> {
  try {
    return { outcome: 'ok', value: await attempt, error: undefined }
  } catch (error) {
    if (!(error instanceof CurfewError)) throw error
    return { outcome: error.code, value: undefined, error }
  }
}
