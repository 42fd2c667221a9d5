/** A live plugin: its module, and the account of all that is asked of it. */
import { type CallOptions, CurfewError, type Lease, type LeaseOptions, type Module } from '../../src/index.ts'
import { Account, type Outcome, type Seen } from './account.ts'
import type { Kind } from './plugins.ts'
import type { Violations } from './violations.ts'

/** What may happen to any call, whatever it does: others close its module, keep it waiting, or are too many. */
const ALWAYS: readonly Outcome[] = ['closed', 'deadline', 'overloaded']

export class Plugin {
  readonly number: number
  readonly kind: Kind
  readonly module: Module
  readonly account = new Account()
  /** What its import `host` does, by the number that the guest passes. */
  host: (value: number) => number = (value) => value + 1
  /** Resolves when there is another in its place. */
  renewal: Promise<void> | undefined
  readonly #violations: Violations

  constructor(number: number, kind: Kind, module: Module, violations: Violations) {
    this.number = number
    this.kind = kind
    this.module = module
    this.#violations = violations
  }

  /** A call, which must end in one of these ways; if it returns, with this. */
  async call(name: string, args: readonly unknown[], expected: readonly Outcome[], options: CallOptions = {}, returns?: number): Promise<Seen> {
    const seen = await this.account.settle(this.module.call(name, args, options), () => true)
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
    this.expect(`${what}, leased`, seen, ['lease-timeout', 'stale', ...expected])
    return seen
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

  /** Only while nothing is pending. */
  check(): void {
    for (const difference of this.account.differences(this.module.stats)) this.#violations.add(`${this.module.name}: ${difference}`)
  }
}
