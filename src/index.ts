/** Curfew: WebAssembly plugins inside the process, and no call outlives its deadline. */

export type { ConventionName } from './conventions/conventions.ts'
export {
  CallError,
  CurfewError,
  type ErrorCode,
  GuestError,
  HostFunctionError,
  LoadError,
  type Output,
  type Phase,
  REASONS,
  StopError,
  TrapError,
  UsageError,
} from './errors.ts'
export { type Caller, currentCall } from './guests/caller.ts'
export type { Convention, ConventionGuest, ConventionMemory, ExchangeOutput, ExchangeRequest, ExchangeSteps, Exported, GuestStep } from './guests/convention.ts'
export type { GuestMemory } from './guests/guest-memory.ts'
export type { HostFunction, ImportFactory, Imports, ImportsOf, ImportValue, SharedImport } from './guests/imports.ts'
export type { Extern, ImportedExtern } from './guests/signature.ts'
export type { ModuleStats } from './guests/stats.ts'
export type { CallOptions, CallSyncOptions, LeaseOptions } from './host/call-options.ts'
export type { CallEvent, CloseEvent, LoadEvent, ReplaceEvent, RestartEvent, StopEvent } from './host/events.ts'
export type { ExchangeOptions } from './host/exchanges.ts'
export { type Features, Host, type HostStats } from './host/host.ts'
export { Lease } from './host/lease.ts'
export { Module, type ReplaceOptions } from './host/module.ts'
export type { FuelCostTable, HostOptions, LoadOptions } from './host/options.ts'
export type { Drained } from './host/replacement.ts'
export type { RunOptions, RunResult } from './host/run.ts'
export type { ModuleSource } from './host/source.ts'
export type { DirectoryOptions, FileTree, OutputTarget, WasiOptions } from './host/wasi-options.ts'
export { CAPS, type Caps } from './limits.ts'
export { MemoryDirectory } from './wasi/memory-directory.ts'
export { WasiExit } from './wasi/run.ts'
