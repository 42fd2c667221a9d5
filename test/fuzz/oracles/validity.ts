/**
 * What `guard` makes of any bytes: a module or a LoadError, in bounded time, the same each time, without touching its input. What V8
 * accepts stays valid or is refused as not supported; what V8 refuses is refused, or stays so.
 */
import { LoadError } from '../../../src/errors.ts'
import { lowerWideMaxima } from '../generators/bound.ts'
import type { Failure } from './failure.ts'
import type { Prepared, Variant } from './variants.ts'

export interface Guarding {
  readonly prepared: Prepared | undefined
  /** The code of the LoadError. */
  readonly refused: string | undefined
  readonly failure: Failure | undefined
}

/** Milliseconds, far above what a megabyte takes. */
const SLOW = 3_000
/**
 * What V8 accepts though the specification does not, and the guard refuses as invalid. Each has a case in `cases/`.
 * - The attribute of a tag as a number in more than one byte.
 * - A clause of a `try_table` whose label is the largest number of 32 bits: V8 adds one to it.
 * - The names of types, as numbers in more than one byte.
 */
const LENIENT = [
  /^expected a (block|heap) type in one byte/,
  /^expected the attribute of a tag to be 0, not 0x80/,
  /^label 4294967295 is outside the \d+ blocks that are open/,
]
/** Refusals of what is valid. */
const ALLOWED_REFUSALS = ['unsupported-feature', 'limit-exceeded']

/** @param again also guard it a second time and compare */
export function guarding(bytes: Uint8Array<ArrayBuffer>, valid: boolean, { name, prepare }: Pick<Variant, 'name' | 'prepare'>, again = false): Guarding {
  const failed = (kind: Failure['kind'], ...details: string[]): Guarding => ({
    prepared: undefined,
    refused: undefined,
    failure: { kind, variant: name, details },
  })
  const before = bytes.slice()
  // Of this process: the machine may be busy with others
  const start = process.cpuUsage()
  let prepared: Prepared
  try {
    prepared = prepare(bytes)
  } catch (error) {
    if (!(error instanceof LoadError)) return failed('the guard fails', error instanceof Error ? (error.stack ?? String(error)) : String(error))
    if (valid && LENIENT.some((known) => known.test(error.what))) return { prepared: undefined, refused: `V8 is lenient: ${error.code}`, failure: undefined }
    if (valid && !ALLOWED_REFUSALS.includes(error.code)) return failed('a valid module is refused as invalid', `${error.code}: ${error.message}`)
    return { prepared: undefined, refused: error.code, failure: undefined }
  }
  const took = process.cpuUsage(start).user / 1_000
  if (took > SLOW) return failed('the guard is slow', `${took.toFixed()} ms for ${bytes.length} bytes`)
  if (Buffer.compare(before, bytes) !== 0) return failed('the guard writes into its input')
  if (again && Buffer.compare(prepare(bytes).bytes, prepared.bytes) !== 0) return failed('is guarded differently the second time')
  if (WebAssembly.validate(prepared.bytes) === valid) return { prepared, refused: undefined, failure: undefined }
  if (valid) return failed('a valid module becomes invalid', reason(prepared.bytes))
  // A maximum above V8's own limit is lowered, see decision: C023
  const lowered = lowerWideMaxima(bytes)
  if (lowered !== undefined && WebAssembly.validate(lowered)) return { prepared: undefined, refused: 'maximum above that of V8', failure: undefined }
  return failed('an invalid module becomes valid', reason(bytes))
}

/** Why V8 refuses it. */
export function reason(bytes: Uint8Array<ArrayBuffer>): string {
  try {
    new WebAssembly.Module(bytes)
    return 'valid'
  } catch (error) {
    return (error as Error).message
  }
}
