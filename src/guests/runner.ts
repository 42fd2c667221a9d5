/** What the lives and leases of instances need of the guest that they belong to. */
import type { Allowance } from '../budget.ts'
import type { Call, CallBudget, CallOwner } from '../runtime/call.ts'
import type { GuestFunction, Instance } from '../runtime/instance.ts'
import type { Ledger } from '../runtime/ledger.ts'
import type { GuestLease, Particulars } from './executor.ts'
import type { Signature } from './signature.ts'

/** A lease as the guest sees it. */
export interface Held {
  readonly instance: Instance
  /** Stands for the lease: its deadline, its signal, why it ended. */
  readonly hold: Call
  /** The calls of its holder that have not ended: one after another, they end with the lease at the latest. */
  readonly steps: Set<Call>
}

export interface Runner extends CallOwner {
  readonly signatures: ReadonlyMap<string, Signature>
  /** Of calls that say nothing themselves. */
  readonly allowance: Allowance
  /** What its host's guests hold. */
  readonly ledger: Ledger
  budget(allowance: Allowance, signal: AbortSignal | undefined): CallBudget
  /** Runs a guest's start function. */
  runStart(call: Call, instance: Instance, start: GuestFunction): Promise<void>
  /** Takes the instance for a lease. */
  holdLease(hold: Call, instance: Instance): GuestLease
  /** A call under a lease, which holds the instance. @param previous the lease's call before, to be waited for */
  runFor(
    lease: Held,
    signature: Signature,
    args: readonly unknown[],
    allowance: Allowance,
    signal: AbortSignal | undefined,
    previous: Promise<unknown> | undefined,
    particulars: Particulars | undefined,
  ): Promise<unknown[]>
  /** Runs a function of an instance that is free, or below on this stack. @param began NaN: the clock is looked at when the guest polls */
  runSync(
    instance: Instance,
    signature: Signature,
    args: readonly unknown[],
    budget: CallBudget,
    began: number,
    particulars?: Particulars,
    lease?: Call,
  ): unknown[]
  /**
   * A call that a host function makes back into the guest that called it: within the outer budgets, and `nestedTimeout`.
   * @param around the call that is in the host function, if it is not below on this stack but waits
   */
  runNested(instance: Instance, signature: Signature, args: readonly unknown[], budget: CallBudget, particulars?: Particulars, around?: Call): unknown[]
}
