/**
 * What a host and a thread of it tell each other. All of it is data that structured cloning copies. A message with an `id` is answered by an
 * `answer` with that id. Moments are those of `shared-time.ts`.
 */
import type { Abi } from '../abi.ts'
import type { Allowance } from '../budget.ts'
import type { ErrorCode } from '../errors.ts'
import type { CallFigures, GuestEvent } from '../guests/executor.ts'
import type { Signature } from '../guests/signature.ts'
import type { ModuleStats } from '../guests/stats.ts'
import type { FunctionTypes, ImportType } from '../wasm/module-type.ts'
import type { Bells } from './bells.ts'
import type { Sent } from './crossing.ts'

/** What a thread has to know of its host. */
export interface Terms {
  readonly slice: number
  readonly maxConcurrent: number
  readonly maxQueue: number
  readonly totalMemoryLimit: number
  /** Of the host's, this one included. */
  readonly threads: number
  /** What each thread does and holds: see `shared-counts.ts`. */
  readonly counts: Int32Array<SharedArrayBuffer>
  readonly thread: number
  readonly bells: Bells
}

/** What a module is given, without the functions: those stay with the host. */
export type SentLink = { readonly wanted: ImportType } & (
  | { readonly kind: 'function'; readonly isAsync: boolean }
  | { readonly kind: 'value'; readonly value: Sent }
)

/** A `GuestSpec` as it is sent. */
export interface SentSpec {
  readonly name: string
  readonly compiled: WebAssembly.Module
  readonly abi: Abi
  readonly imports: readonly SentLink[]
  /** Is the host to be told of each instance as it is made? */
  readonly isPerInstance: boolean
  readonly startTimeout: number
  readonly nestedTimeout: number
  readonly hasSetup: boolean
  readonly restart: 'always' | 'never'
  readonly reuse: 'always' | 'never'
  readonly instances: number
  readonly maxQueue: number
  readonly group: string | undefined
  readonly weight: number | undefined
  readonly onTrap: 'restart' | 'keep'
  readonly convention: string
  readonly deterministic: boolean
  readonly allowance: Allowance
  readonly functions: FunctionTypes | undefined
}

/** How a request comes to know of its caller's signal: is there one, and why is it aborted already? */
export interface Abortable {
  readonly hasSignal?: true
  readonly aborted?: { readonly reason: Sent }
}

export interface CallRequest extends Abortable {
  /** Index among the signatures that the thread was told of. */
  readonly signature: number
  readonly args: readonly Sent[]
  /** Absent: the module's own. */
  readonly allowance?: Allowance
  readonly began: number
  /** Does somebody want to know what it took? */
  readonly isObserved?: boolean
  /** Is it made by a host function that its guest may wait for? */
  readonly isInner?: boolean
}

/** A place in a memory of an instance that calls the host. */
export interface PlaceInMemory {
  readonly instance: number
  readonly memory: number
  readonly address: number | bigint
}

/** From the host to a thread. */
export type Order =
  | ({ readonly verb: 'begin'; readonly id: number } & Terms)
  | ({ readonly verb: 'load'; readonly id: number; readonly guest: number; readonly spec: SentSpec; readonly again: boolean } & Abortable)
  | { readonly verb: 'signature'; readonly guest: number; readonly number: number; readonly signature: Signature }
  | ({ readonly verb: 'call'; readonly id: number; readonly guest: number } & CallRequest)
  | ({
      readonly verb: 'lease'
      readonly id: number
      readonly guest: number
      readonly timeout: number
      readonly began: number
      readonly isInner?: boolean
    } & Abortable)
  | ({ readonly verb: 'step'; readonly id: number; readonly lease: number } & CallRequest)
  | { readonly verb: 'read'; readonly id: number; readonly lease: number; readonly address: number | bigint; readonly length: number; readonly memory: number }
  | {
      readonly verb: 'write'
      readonly id: number
      readonly lease: number
      readonly address: number | bigint
      readonly bytes: Uint8Array
      readonly memory: number
    }
  | { readonly verb: 'release'; readonly lease: number }
  /** A call of a function that a guest returned; and the call of this thread that waits for what makes it. */
  | { readonly verb: 'invoke'; readonly id: number; readonly function: Sent; readonly args: readonly Sent[]; readonly around: number | undefined }
  | { readonly verb: 'idle'; readonly id: number; readonly guest: number }
  | { readonly verb: 'close'; readonly id: number; readonly guest: number }
  | { readonly verb: 'abort'; readonly id: number; readonly reason: Sent }
  /** The host waits for what these ask for, and is answered on the direct line. */
  | { readonly verb: 'size'; readonly id: number; readonly instance: number; readonly memory: number }
  | ({ readonly verb: 'peek'; readonly id: number; readonly length: number } & PlaceInMemory)
  | ({ readonly verb: 'poke'; readonly id: number; readonly bytes: Uint8Array } & PlaceInMemory)
  /** A call into the instance that calls the host, as part of the call that does. */
  | ({ readonly verb: 'nested'; readonly id: number; readonly guest: number; readonly call: number; readonly fuel: FuelChange | undefined } & CallRequest)
  /** A host function has stopped the call that it is part of. */
  | { readonly verb: 'stop'; readonly call: number; readonly code: ErrorCode; readonly cause: Sent; readonly fuel: FuelChange | undefined }
  /** A host function has returned a promise: the guest can be suspended until its result is answered. */
  | { readonly verb: 'promised'; readonly id: number }
  | { readonly verb: 'ping'; readonly id: number }
  | Answer
  | Dropped

/** From a thread to the host. */
export type Report =
  | { readonly verb: 'stats'; readonly guest: number; readonly stats: ModuleStats; readonly memorySize: number }
  /** So many calls more have ended well, and its guests have run for so many ms in all; nothing else has changed. */
  | { readonly verb: 'ran'; readonly guest: number; readonly calls: number; readonly cpu: number }
  /** A module closed by itself. */
  | { readonly verb: 'closed'; readonly guest: number }
  | { readonly verb: 'event'; readonly guest: number; readonly event: GuestEvent; readonly error: Sent }
  /** A lease ended before it was released. */
  | { readonly verb: 'stopped'; readonly lease: LeaseState; readonly why: Sent }
  | { readonly verb: 'setup'; readonly id: number; readonly guest: number; readonly lease: LeaseState }
  /** A guest calls an import. */
  | {
      readonly verb: 'host'
      readonly id: number
      /** As part of which it does. */
      readonly request: number | undefined
      /** Does a start function call it? */
      readonly isStarting?: true
      readonly guest: number
      readonly instance: number
      readonly call: number
      /** The call that it is nested in. */
      readonly parent?: number
      readonly link: number
      readonly args: readonly Sent[]
      /** Of the call: left, if it counts fuel. */
      readonly fuel?: bigint
      readonly deadline: number
      /** Is the guest suspended already? If not, its thread waits. */
      readonly isSuspended?: true
      /** Does the thread wait for a promise too? Where guests cannot be suspended. */
      readonly blocks?: true
      /** Why no promise can be waited for, if that is so. */
      readonly whyNotWait?: string
    }
  /** There is an instance more. */
  | { readonly verb: 'instance'; readonly id: number; readonly guest: number; readonly instance: number }
  /** One is gone. */
  | { readonly verb: 'gone'; readonly guest: number; readonly instance: number }
  /** A call that has called the host has ended, or was stopped. */
  | { readonly verb: 'over'; readonly call: number; readonly stop: SentStop | undefined }
  | Answer
  | Dropped

export interface SentStop {
  readonly code: ErrorCode
  readonly cause: Sent
}

/** What is known of a lease after a step: the size of its memories, or why it is over. */
export type LeaseState = { readonly lease: number } & ({ readonly memorySize: number } | { readonly over: Sent })

export type Answer = { readonly verb: 'answer'; readonly id: number; readonly figures?: CallFigures } & Outcome
export type Outcome = Returned | Threw
export interface Returned {
  readonly value?: unknown
  /** Where the request was about a lease. */
  readonly lease?: LeaseState
  /** Where it was a call of a host function: what that did with the call's fuel. */
  readonly fuel?: FuelChange | undefined
  /** Where it was a nested call: the fuel that is left to the one around it. */
  readonly fuelLeft?: bigint | undefined
}
export interface Threw extends Omit<Returned, 'value'> {
  readonly threw: Sent
}

/** What a host function did with the fuel of the call that it is part of. */
export interface FuelChange {
  readonly refilled: bigint
  readonly used: bigint
}

/** Nobody holds what stands for a value any more, after it was sent `count` times. */
export interface Dropped {
  readonly verb: 'dropped'
  readonly handle: number
  readonly count: number
}
