/** What becomes of a module that the guard and the engine see one after the other. */
import assert from 'node:assert/strict'
import { LoadError } from '../../src/errors.ts'
import { type GuardOptions, guard } from '../../src/guard/guard.ts'
import { isKnown } from './corpus.ts'

/** The code under which the guard refuses a module; `engine` if V8 refuses what the guard makes of it; undefined if nobody does. */
export function refusal(bytes: Uint8Array, options: GuardOptions = {}): string | undefined {
  let guarded: Uint8Array
  try {
    guarded = guard(bytes, options).bytes
  } catch (error) {
    assert.ok(error instanceof LoadError, `a clear error, not ${String(error)}`)
    assert.ok(error.message.length < 1_000)
    return error.code
  }
  return isKnown(guarded) ? undefined : 'engine'
}

/** What a module that is not valid is refused with. */
const WRONG: readonly (string | undefined)[] = ['malformed', 'invalid-module', 'engine']
/** What one may be refused with that is. */
const TOO_MUCH: readonly (string | undefined)[] = ['unsupported-feature', 'limit-exceeded']

/** What V8 refuses is refused, and what is refused as wrong V8 refuses too. */
export function assertAsWrongAs(bytes: Uint8Array, what: string, options?: GuardOptions): string | undefined {
  const code = refusal(bytes, options)
  const isWrong = !isKnown(bytes)
  if (isWrong) assert.ok(WRONG.includes(code) || TOO_MUCH.includes(code), `${what}: V8 refuses it, the guard does not`)
  else assert.ok(!WRONG.includes(code), `${what}: ${code}, but V8 accepts it`)
  return code
}
