/** What WASI adds to a module that is loaded with it. */
import type { Allowance } from '../budget.ts'
import type { GuestLease } from '../guests/executor.ts'
import type { Imports, ImportsOf } from '../guests/imports.ts'
import { externsOf, type Signature } from '../guests/signature.ts'
import { checkWasiImports, WASI_MODULE, wasiImports } from '../wasi/wasi.ts'
import type { ModuleType } from '../wasm/module-type.ts'
import { type ResolvedStreams, type ResolvedWasi, wasiSettings } from './wasi-options.ts'

/** What a command exports, and what a reactor may. */
const COMMAND = '_start'
const REACTOR = '_initialize'

export interface LinkedWasi {
  readonly streams: ResolvedStreams
  readonly imports: ImportsOf
  /** Is it a program, whose state is of no use once it has run? */
  readonly isCommand: boolean
  /** Has a reactor made ready; undefined if there is nothing to do. */
  readonly initialize: ((lease: GuestLease, allowance: Allowance) => Promise<unknown>) | undefined
}

/**
 * @param given what the user imports into it, which wins over WASI's
 * @throws LoadError `invalid-import`; CurfewError `invalid-option` for a directory that cannot be opened
 */
export async function linkWasi(
  options: ResolvedWasi,
  given: Imports | ImportsOf,
  type: ModuleType,
  signatures: ReadonlyMap<string, Signature>,
  module: string,
): Promise<LinkedWasi> {
  const own = typeof given === 'function' || !Object.hasOwn(given, WASI_MODULE) ? {} : (given[WASI_MODULE] as object)
  checkWasiImports(externsOf(type).imports, module, (name) => !Object.hasOwn(own, name))
  const provide = wasiImports(await wasiSettings(options, module))
  const initialize = signatures.get(REACTOR)
  const isCommand = signatures.has(COMMAND)
  return {
    streams: options.streams,
    isCommand,
    initialize: isCommand || initialize === undefined ? undefined : (lease, allowance) => lease.call(initialize, [], allowance, undefined),
    imports: (caller) => {
      const imports = typeof given === 'function' ? given(caller) : given
      return { ...imports, [WASI_MODULE]: { ...provide(caller), ...(Object.hasOwn(imports, WASI_MODULE) ? imports[WASI_MODULE] : {}) } }
    },
  }
}
