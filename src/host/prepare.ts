/** From a module's bytes to what can be instantiated: guarded, and compiled by the engine. */
import { type Abi, saysItIsGuarded } from '../abi.ts'
import { engineMessage, LoadError } from '../errors.ts'
import { type Guarded, type GuardOptions, guard } from '../guard/guard.ts'
import { LONGEST_TIMER } from '../runtime/turn.ts'
import { type ModuleType, moduleType } from '../wasm/module-type.ts'
import { hasHelper, prepareAside } from './helper-thread.ts'
import { preparedOnce } from './preparations.ts'

/** Plain data but for the compiled module, which can be sent to another thread as well. */
export interface Prepared {
  readonly compiled: WebAssembly.Module
  readonly abi: Abi
  readonly type: ModuleType
}

/**
 * Bytes of a module that this thread guards by itself, in a millisecond (the first one in five, while the guard itself is compiled); and what V8's baseline compiler may take for all of it,
 * in the units of `caps.functionComplexity`: V8 compiles each function of such a module on the thread that calls it first.
 */
const SMALL = { size: 4 * 1024, complexity: 200_000 } as const

/**
 * Small modules are guarded here, and compiled function by function as they are called. All others are guarded and compiled whole on a
 * helper thread, where there are threads: neither holds up this one. What was prepared so is not prepared again.
 * @param bytes not to be used afterwards: they may move to the other thread
 * @throws LoadError without the module's name
 */
export async function prepare(bytes: Uint8Array<ArrayBuffer>, options: GuardOptions, signal: AbortSignal): Promise<Prepared> {
  if (hasHelper()) {
    if (bytes.length > SMALL.size) return preparedOnce(bytes, options, signal, prepareAside)
    const guarded = guard(bytes, options)
    return guarded.report.complexity > SMALL.complexity ? preparedOnce(bytes, options, signal, prepareAside) : finish(guarded)
  }
  return finish(guard(bytes, options))
}

/** Compiles what was guarded, on the thread that calls this. @throws LoadError `invalid-module`; `invalid-source` for what had been guarded before */
export async function finish({ bytes, abi, module }: Guarded): Promise<Prepared> {
  if (saysItIsGuarded(module))
    throw new LoadError(
      'invalid-source',
      'the module has been guarded already: a host guards what it loads, and nobody would drive the first guard, so it would trap',
    )
  return { compiled: await compile(bytes, module.bytes), abi, type: moduleType(module) }
}

/**
 * Validated first, because V8 leaves that to compiling a function if it compiles all at once, looks again at its flag for that when it comes to
 * it, and aborts the process at the first call of a function that it then took for valid. The flag changes whenever a helper thread is done.
 */
async function compile(guarded: Uint8Array<ArrayBuffer>, original: Uint8Array): Promise<WebAssembly.Module> {
  // Node does not wait for V8 to compile, if there is nothing else to wait for
  const waiting = setInterval(() => undefined, LONGEST_TIMER)
  try {
    if (WebAssembly.validate(guarded)) return await WebAssembly.compile(guarded)
    throw new WebAssembly.CompileError('it is not valid')
  } catch (error) {
    // What is said of the original has offsets that are the user's
    const cause = (await refusal(original as Uint8Array<ArrayBuffer>)) ?? (await refusal(guarded)) ?? error
    throw new LoadError('invalid-module', `the engine refused the module: ${engineMessage(cause)}`, { cause })
  } finally {
    clearInterval(waiting)
  }
}

/** What the engine says of a module that it refuses; undefined if it does not. */
function refusal(bytes: Uint8Array<ArrayBuffer>): Promise<unknown> {
  return WebAssembly.compile(bytes).then(
    () => undefined,
    (error: unknown) => error,
  )
}
