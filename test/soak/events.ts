/** What hosts tell by their channels, against what callers know: every call is told once to begin and once to end, every module once to close. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { CallEvent, LoadEvent, ReplaceEvent } from '../../src/index.ts'
import type { Outcome } from './account.ts'
import type { Violations } from './violations.ts'

export class Events {
  readonly #violations: Violations
  readonly #listeners: readonly (readonly [string, (event: unknown) => void])[] = [
    ['tracing:curfew.call:start', (event) => this.#began(event as CallEvent)],
    ['tracing:curfew.call:end', (event) => this.#returned(event as CallEvent)],
    ['tracing:curfew.call:asyncEnd', (event) => this.#ended(event as CallEvent)],
    ['tracing:curfew.load:asyncEnd', (event) => this.#loaded(event as LoadEvent)],
    ['curfew.replace', (event) => this.onReplaced((event as ReplaceEvent).module)],
    ['curfew.close', () => void this.#open--],
  ]
  /** Calls that have begun and not ended. */
  readonly #calls = new Set<CallEvent>()
  /** How often callers saw each outcome, less how often it was told. */
  readonly #untold = new Map<Outcome, number>()
  /** Modules that were told to be loaded, and not to be closed. */
  #open = 0
  /** Told the name of a module whose new calls go to another version from now on. */
  onReplaced: (module: string) => void = () => undefined

  constructor(violations: Violations) {
    this.#violations = violations
    for (const [channel, listener] of this.#listeners) subscribe(channel, listener)
  }

  /** A call has ended for who made it. */
  saw(outcome: Outcome): void {
    this.#count(outcome, 1)
  }

  /** Once no call is left, and no module. */
  check(): void {
    for (const [channel, listener] of this.#listeners) unsubscribe(channel, listener)
    for (const { module, function: name } of this.#calls) this.#violations.add(`${name} of ${module} was told to begin, and never to end`)
    for (const [outcome, count] of this.#untold) if (count !== 0) this.#violations.add(`callers saw ${outcome} ${count} times more than was told`)
    if (this.#open !== 0) this.#violations.add(`${this.#open} more modules were told to be loaded than to be closed`)
  }

  #began(event: CallEvent): void {
    if (this.#calls.has(event)) this.#violations.add(`${event.function} of ${event.module} was told to begin twice`)
    this.#calls.add(event)
  }

  /** A synchronous call has ended then; another has yet no outcome. */
  #returned(event: CallEvent): void {
    if (event.outcome !== undefined) this.#ended(event)
  }

  #ended(event: CallEvent): void {
    const { module, function: name, outcome, cpu, slices, ran } = event
    if (!this.#calls.delete(event)) this.#violations.add(`${name} of ${module} was told to end, and is not going on`)
    if (outcome === undefined || cpu === undefined || slices === undefined || ran === undefined)
      this.#violations.add(`${name} of ${module} was told to end, but not how: ${Object.keys(event).join()}`)
    else this.#count(outcome, -1)
  }

  #loaded({ isReplacement, error }: LoadEvent): void {
    if (!isReplacement && error === undefined) this.#open++
  }

  #count(outcome: Outcome, by: number): void {
    this.#untold.set(outcome, (this.#untold.get(outcome) ?? 0) + by)
  }
}
