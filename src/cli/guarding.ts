import { LoadError } from '../errors.ts'
import { type Guarded, type GuardOptions, guard } from '../guard/index.ts'

/** Guards a module, and has the engine validate what comes out. @throws LoadError */
export async function guardAndValidate(bytes: Uint8Array, options: GuardOptions): Promise<Guarded> {
  const guarded = guard(bytes, options)
  try {
    await WebAssembly.compile(guarded.bytes)
  } catch (cause) {
    throw new LoadError('invalid-module', `the engine refused the module: ${(cause as Error).message}`, { cause })
  }
  return guarded
}
