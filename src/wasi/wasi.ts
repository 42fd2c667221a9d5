/**
 * WASI preview 1 for the modules of a host: an import provider as anybody could write one, on the public API alone. What passes between guest
 * and host is written here; a guest may pass anything.
 */
import { LoadError, quote } from '../errors.ts'
import type { Caller } from '../guests/caller.ts'
import type { Imports } from '../guests/imports.ts'
import type { ImportedExtern } from '../guests/signature.ts'
import { FILES } from './files.ts'
import { WasiGuest, type WasiSettings } from './guest.ts'
import { answering, type Handlers } from './handler.ts'
import { PATHS } from './paths.ts'
import { POLL } from './poll.ts'
import { PARAMETERS, signatureText, type WasiName } from './signatures.ts'
import { SYSTEM } from './system.ts'

export const WASI_MODULE = 'wasi_snapshot_preview1'

const HANDLERS: Handlers<WasiName> = { ...SYSTEM, ...FILES, ...PATHS, ...POLL }

/** What each instance of a module is given. */
export function wasiImports(settings: WasiSettings): (caller: Caller) => Imports[string] {
  return (caller) => {
    const guest = new WasiGuest(caller, settings)
    return Object.fromEntries(Object.entries(HANDLERS).map(([name, handler]) => [name, answering(name as WasiName, handler, guest)]))
  }
}

/**
 * Functions take whatever they are given: their types are compared here.
 * @param imports of a module
 * @param isOurs is it the one here that this import is given?
 * @throws LoadError `invalid-import`
 */
export function checkWasiImports(imports: readonly ImportedExtern[], module: string, isOurs: (name: string) => boolean): void {
  for (const { module: from, name, kind, type } of imports) {
    if (from !== WASI_MODULE || kind !== 'function' || !Object.hasOwn(PARAMETERS, name) || !isOurs(name)) continue
    const right = signatureText(name as WasiName)
    if (type === right) continue
    throw new LoadError('invalid-import', `import ${quote(from)} ${quote(name)} is of type ${right} in WASI preview 1, but the module declares ${type}`, {
      module,
    })
  }
}
