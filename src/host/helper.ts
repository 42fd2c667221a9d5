/** What the helper thread runs: it guards modules and compiles them whole. */
import { engineMessage, LoadError } from '../errors.ts'
import { guard } from '../guard/guard.ts'
import { builtin } from '../node.ts'
import { AS_CALLED, type Failure, type Job, type Outcome, WHOLE } from './helper-thread.ts'
import { finish } from './prepare.ts'

const port = builtin('worker_threads')?.parentPort

port?.on('message', async ({ id, bytes, options }: Job) => {
  port.postMessage(await outcomeOf(id, bytes, options))
})

async function outcomeOf(id: number, bytes: Job['bytes'], options: Job['options']): Promise<Outcome> {
  try {
    const guarded = guard(bytes, options)
    return { id, prepared: await compiledWhole(() => finish(guarded)) }
  } catch (error) {
    return { id, failure: failureOf(error) }
  }
}

/** Compilations that need the flag. */
let running = 0
let wasWhole = false

/**
 * V8 compiles a function when it is first called, on the thread that calls it, without looking at any deadline. Its flag against that is
 * the process's, so it is set only for as long as it takes: what others compile meanwhile is compiled whole too.
 */
async function compiledWhole<T>(compile: () => Promise<T>): Promise<T> {
  const v8 = builtin('v8')
  if (v8 === undefined) return compile()
  if (running++ === 0) {
    const before = v8.cachedDataVersionTag()
    v8.setFlagsFromString(WHOLE)
    wasWhole = v8.cachedDataVersionTag() === before
  }
  try {
    return await compile()
  } finally {
    if (--running === 0 && !wasWhole) v8.setFlagsFromString(AS_CALLED)
  }
}

function failureOf(error: unknown): Failure {
  const known = error instanceof LoadError ? error : new LoadError('instantiation-failed', `guarding or compiling failed: ${engineMessage(error)}`)
  const { code, what, figures, offset, cause } = known
  return { code, what, figures, offset, refusal: cause instanceof WebAssembly.CompileError ? cause.message : undefined }
}
