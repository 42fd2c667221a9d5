/**
 * The seam between bytes and a guest's functions: a convention says which functions of a guest take bytes and give some back, and by which steps. The
 * one of Curfew is in `src/conventions/`; what others have agreed on can stand beside it.
 *
 * An exchange is one call, whatever steps it has: one deadline, one budget, one instance.
 */
import type { FuncType } from '../wasm/types.ts'
import type { Caller } from './caller.ts'
import type { Imports } from './imports.ts'

/** An exported function. */
export interface Exported extends FuncType {
  readonly name: string
}

export interface Convention {
  /** For errors. */
  readonly name: string
  /**
   * Which functions of the guest an exchange through one of its functions calls, itself included: by their index here. Asked once for each function,
   * when it is first used. Parameters and results are numbers: i32, i64, f32, f64.
   * @returns or what is missing or has the wrong type, for the message, and what is needed
   */
  functions(name: string, exported: ReadonlyMap<string, FuncType>): readonly Exported[] | string
  /**
   * What it has each instance import, beside what the module is given. Called as `imports` of `LoadOptions` are; absent: nothing.
   * @param caller the same that its exchanges get
   */
  imports?(caller: Caller): Imports
  /**
   * The steps of an exchange: yields each call of a guest's function, and is resumed with its results. What it throws is what the call fails with;
   * what the guest is to blame for, it throws as a `GuestError`. It is left where it is if the call is stopped.
   * @returns what the request's `take` has made of the output
   */
  exchange(guest: ConventionGuest, request: ExchangeRequest): ExchangeSteps
}

export type ExchangeSteps = Generator<GuestStep, ExchangeOutput, readonly unknown[]>

/** The instance that has an exchange. */
export interface ConventionGuest {
  /** Undefined if the module imports nothing. */
  readonly caller: Caller | undefined
  /** Its first memory, as `caller.memory` is. */
  readonly memory: ConventionMemory
}

export interface ConventionMemory {
  /** Bytes; 0 if the guest has no memory. */
  readonly size: number
  /** Part of it, not a copy: to be used before the next step. @throws UsageError `out-of-bounds` */
  view(address: number, length: number): Uint8Array
  /** @throws UsageError `out-of-bounds` */
  write(address: number, bytes: Uint8Array): void
}

export interface ExchangeRequest {
  /** What `functions` returned. */
  readonly functions: readonly Exported[]
  /** Nobody changes it. */
  readonly input: Uint8Array
  /** Bytes. */
  readonly outputLimit: number
  /** Makes of bytes what the caller gets: a copy, or text. @throws GuestError `bad-output` if they are to be text and are not UTF-8 */
  take(bytes: Uint8Array): ExchangeOutput
}

/** Of the caller's kind: what `take` returned. */
export type ExchangeOutput = Uint8Array | string

/** A call of a guest's function: i64 as bigint. */
export interface GuestStep {
  /** By its index among the request's. */
  readonly function: number
  readonly args: readonly (number | bigint)[]
}
