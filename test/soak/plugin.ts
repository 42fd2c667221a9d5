/** A live plugin: its module, and the account of all that is asked of it. */
import { type CallOptions, CurfewError, type Lease, type LeaseOptions, type Module, type ModuleSource, type ReplaceOptions } from '../../src/index.ts'
import { Account, type Outcome, type Seen } from './account.ts'
import type { Events } from './events.ts'
import type { Kind } from './kinds.ts'
import type { Violations } from './violations.ts'

/** What may happen to any call, whatever it does: others close its module, keep it waiting, or are too many; its thread is lost. */
const ALWAYS: readonly Outcome[] = ['closed', 'deadline', 'overloaded', 'thread-lost']
/** To a replacement: its module is closed, is being replaced already, or its thread is lost. */
const ALWAYS_REPLACING: readonly string[] = ['closed', 'busy', 'thread-lost']

export class Plugin {
  /** That of the version which new calls go to. */
  number: number
  readonly kind: Kind
  readonly module: Module
  readonly account = new Account()
  /** What its import `host` does, by the number that the guest passes. */
  host: (value: number) => number = (value) => value + 1
  /** The same of `later`. */
  later: (value: number) => Promise<number> = async (value) => value + 1
  /** Resolves when there is another in its place. */
  renewal: Promise<void> | undefined
  readonly #violations: Violations
  readonly #events: Events
  /** Versions that are to be loaded: the first one is. */
  readonly #coming = new Set<{ readonly number: number }>()

  constructor(number: number, kind: Kind, module: Module, violations: Violations, events: Events) {
    this.number = number
    this.kind = kind
    this.module = module
    this.#violations = violations
    this.#events = events
  }

  /** A call, which must end in one of these ways; if it returns, with this. */
  async call(name: string, args: readonly unknown[], expected: readonly Outcome[], options: CallOptions = {}, returns?: number): Promise<Seen> {
    const seen = await this.account.settle(this.module.call(name, args, options), () => true)
    this.#events.saw(seen.outcome)
    this.expect(name, seen, expected, returns)
    return seen
  }

  /** A call on this stack. */
  callSync(name: string, args: readonly unknown[], expected: readonly Outcome[], options: { timeout?: number } = {}, returns?: number): Seen {
    let seen: Seen
    try {
      seen = { outcome: 'ok', value: this.module.callSync(name, args, options), error: undefined }
    } catch (error) {
      if (!(error instanceof CurfewError)) throw error
      seen = { outcome: error.code, value: undefined, error }
    }
    this.account.count(seen.outcome)
    this.#events.saw(seen.outcome)
    this.expect(`${name}, synchronously`, seen, expected, returns)
    return seen
  }

  /** A lease. The module counts it if it never began: then it was a call that was refused. */
  async use(work: (lease: Lease) => Promise<unknown>, expected: readonly Outcome[], options: LeaseOptions = {}): Promise<Seen> {
    let began = false
    const lease = this.module.use((instance) => {
      began = true
      return work(instance)
    }, options)
    const seen = await this.account.settle(lease, ({ outcome }) => !began && outcome !== 'ok')
    this.expect('use', seen, ['lease-timeout', ...expected])
    return seen
  }

  /** A step of a lease. One that the lease refuses by itself, which names no function, does not reach the module. */
  async step(what: string, attempt: Promise<unknown>, expected: readonly Outcome[]): Promise<Seen> {
    const seen = await this.account.settle(attempt, ({ error }) => error === undefined || error.function !== undefined)
    this.#events.saw(seen.outcome)
    this.expect(`${what}, leased`, seen, ['lease-timeout', 'stale', ...expected])
    return seen
  }

  /** Replaces it by another version. @returns how that ended, which must be in one of these ways */
  async replace(source: ModuleSource, number: number, expected: readonly string[], options: ReplaceOptions = {}): Promise<string> {
    const version = { number }
    this.#coming.add(version)
    try {
      const { drained } = await this.module.replace(source, options)
      return this.#replaced(drained ? 'drained' : 'not drained', expected)
    } catch (error) {
      if (!(error instanceof CurfewError)) throw error
      return this.#replaced(error.code, expected)
    } finally {
      this.#coming.delete(version)
    }
  }

  #replaced(ended: string, expected: readonly string[]): string {
    if (!expected.includes(ended) && !ALWAYS_REPLACING.includes(ended))
      this.#violations.add(`replacing ${this.module.name} ended by ${ended}, and not by ${expected.join(' or ')}`)
    return ended
  }

  /** New calls go to the version that was loaded. */
  adopt(): void {
    const [version] = this.#coming
    if (version === undefined) return this.#violations.add(`${this.module.name} was told to be replaced, and nobody did`)
    this.#coming.delete(version)
    this.number = version.number
  }

  expect(what: string, { outcome, value, error }: Seen, expected: readonly Outcome[], returns?: number): void {
    if (!expected.includes(outcome) && !ALWAYS.includes(outcome)) {
      const ended = error === undefined ? `returned ${String(value)}` : `ended by ${outcome} (${error.message})`
      this.#violations.add(`${what} of ${this.module.name} ${ended}, and not by ${expected.join(' or ')}`)
    } else if (outcome === 'ok' && returns !== undefined && (value as unknown[])[0] !== returns) {
      this.#violations.add(`${what} of ${this.module.name} returned ${String(value)} in place of ${returns}`)
    }
  }

  /** Closes it; then every call has ended, and was counted once. */
  async close(): Promise<void> {
    await this.module.close()
    await this.account.idle()
    this.check()
  }

  /**
   * Only while nothing is pending. Of a thread that is lost between counting a call and answering it, the host has heard the one and not the
   * other: then its module has counted the call twice.
   */
  check(): void {
    if (this.module.stats.outcomes['thread-lost'] !== undefined) return
    for (const difference of this.account.differences(this.module.stats)) this.#violations.add(`${this.module.name}: ${difference}`)
  }
}
