/**
 * What runs guests: this thread (`in-thread.ts`), or others (`src/threads/`). The seam between what users hold (`Host`, `Module`, `Lease`) and the
 * runtime: everything that crosses it is data or can be sent as such, but for signals and imports.
 */
import type { Abi } from '../abi.ts'
import type { Allowance } from '../budget.ts'
import type { CurfewError, ErrorCode, Phase } from '../errors.ts'
import type { ResourceUsage } from '../runtime/ledger.ts'
import type { FunctionTypes } from '../wasm/module-type.ts'
import type { Convention } from './convention.ts'
import type { ImportSource } from './imports.ts'
import type { Signature } from './signature.ts'
import type { ModuleStats } from './stats.ts'

export interface GuestSpec {
  readonly name: string
  readonly compiled: WebAssembly.Module
  readonly abi: Abi
  readonly imports: ImportSource
  /** Of what it exports. */
  readonly signatures: ReadonlyMap<string, Signature>
  readonly startTimeout: number
  readonly nestedTimeout: number
  /** Run on each new instance before any call gets it. */
  readonly setup: ((lease: GuestLease) => unknown) | undefined
  readonly restart: 'always' | 'never'
  readonly reuse: 'always' | 'never'
  /** Calls of the module that may run at a time, each on an instance of its own. */
  readonly instances: number
  /** Calls of it that may wait. */
  readonly maxQueue: number
  /** Modules of one group share an account, see `runtime/account.ts`; undefined: the module has its own. */
  readonly group: string | undefined
  /** Of the account; undefined: that of the group, or 1. */
  readonly weight: number | undefined
  readonly onTrap: 'restart' | 'keep'
  /** How bytes get in and out. */
  readonly convention: Convention
  readonly signal: AbortSignal | undefined
  /** Do NaNs go in in one form? */
  readonly deterministic: boolean
  /** What calls may spend that say nothing themselves. */
  readonly allowance: Allowance
  /** If the module returns functions: their types. */
  readonly functions: FunctionTypes | undefined
  /** Told when the module closes. */
  readonly onClose: () => void
  /** Told of what becomes of its calls and instances: seldom, so it is told whether anybody listens or not. */
  readonly onEvent: (event: GuestEvent) => void
}

export type GuestEvent =
  /** A call, lease or start function was stopped. Times in ms. */
  | { readonly kind: 'stop'; readonly code: ErrorCode; readonly phase: Phase; readonly elapsed: number; readonly cpu: number }
  /** An instance was made in place of a former one, or could not be. */
  | { readonly kind: 'restart'; readonly generation: number; readonly error?: CurfewError }

/** What a call took whose guest ran, or was to. */
export interface CallFigures {
  /** ms. */
  readonly cpu: number
  readonly fuel: bigint | undefined
  /** Slices that the guest ran in: 1 if it was never suspended. */
  readonly slices: number
  readonly ran: boolean
}

/** Told before the call settles, if its guest was entered. */
export type Observe = (figures: CallFigures) => void

/** What few calls have. */
export interface Particulars {
  readonly observe?: Observe | undefined
  /** For its host functions to see. */
  readonly context?: unknown
  /** When it was made, if that was before it came to this thread. */
  readonly began?: number
  /** Was it made by a host function of another thread that its guest may wait for? */
  readonly isInner?: boolean
}

/** What all guests of an executor do and hold. */
export interface ExecutorStats extends ResourceUsage {
  /** Calls that run or are suspended, and those that wait, calls and leases alike. */
  readonly calls: { readonly running: number; readonly waiting: number }
  /** If guests run on others than this. */
  readonly threads?: ThreadsStats
}

export interface ThreadsStats {
  /** Threads that were started, and those that did not answer, crashed or ran out of memory. */
  readonly started: number
  readonly lost: number
  /** Of those, the ones that could not be ended: they still take memory and maybe a core. */
  readonly unended: number
}

export interface Executor {
  /** Can its guests wait for what an `async` host function promises? */
  readonly canWait: boolean
  readonly stats: ExecutorStats
  /** Makes the first instances. @throws LoadError */
  load(spec: GuestSpec): Promise<Guest>
  /** Ends what it runs guests on, once they are closed. */
  close(): Promise<void>
}

/** A loaded module, as its executor sees it. */
export interface Guest {
  readonly memorySize: number
  readonly stats: ModuleStats
  call(signature: Signature, args: readonly unknown[], allowance: Allowance, signal: AbortSignal | undefined, particulars?: Particulars): Promise<unknown[]>
  callSync(signature: Signature, args: readonly unknown[], allowance: Allowance, particulars?: Particulars): unknown[]
  lease(timeout: number, signal: AbortSignal | undefined, particulars?: Particulars): Promise<GuestLease>
  /** Resolves when no call or lease of it is left, nor waits. */
  idle(): Promise<void>
  close(): Promise<void>
}

/** One instance, held. Every operation throws `stale` once the instance is gone. */
export interface GuestLease {
  call(signature: Signature, args: readonly unknown[], allowance: Allowance, signal: AbortSignal | undefined, particulars?: Particulars): Promise<unknown[]>
  callSync(signature: Signature, args: readonly unknown[], allowance: Allowance, particulars?: Particulars): unknown[]
  read(address: number | bigint, length: number, memory: number): Promise<Uint8Array>
  write(address: number | bigint, bytes: Uint8Array, memory: number): Promise<void>
  readonly memorySize: number
  /** Rejects when the lease ends before it is released; never settles otherwise. */
  readonly stopped: Promise<never>
  release(): void
}
