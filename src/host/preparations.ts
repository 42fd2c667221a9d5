/**
 * Modules that are prepared, by what they are made of: whoever loads the same bytes under the same settings, at the same time or while a module
 * of them lives, gets what is there. That is the code alone, and plain data; instances are each module's own. Wazero's `CompilationCache`.
 */
import { LoadError } from '../errors.ts'
import type { GuardOptions } from '../guard/guard.ts'
import { builtin } from '../node.ts'
import { nextTurn } from '../runtime/turn.ts'
import type { Prepared } from './prepare.ts'

/** Holds nobody's code: a module that is closed takes its own with it. */
interface Kept extends Omit<Prepared, 'compiled'> {
  readonly compiled: WeakRef<WebAssembly.Module>
}

/** Bytes that are hashed in one turn of the event loop: a millisecond. */
const PIECE = 1024 * 1024

const kept = new Map<string, Kept>()
const underWay = new Map<string, Promise<Prepared>>()
const collected = new FinalizationRegistry<string>((key) => {
  if (find(key) === undefined) kept.delete(key)
})

/**
 * @param work is done unless it was done, or is under way, for somebody else; and goes on if only this one's signal is aborted
 * @throws LoadError `aborted`, and whatever the work does
 */
export async function preparedOnce(
  bytes: Uint8Array<ArrayBuffer>,
  options: GuardOptions,
  signal: AbortSignal,
  work: (bytes: Uint8Array<ArrayBuffer>, options: GuardOptions) => Promise<Prepared>,
): Promise<Prepared> {
  const key = await keyOf(bytes, options, signal)
  if (signal.aborted) throw aborted(signal)
  if (key === undefined) return unlessAborted(work(bytes, options), signal)
  return find(key) ?? unlessAborted(underWay.get(key) ?? begin(key, () => work(bytes, options)), signal)
}

/** How many are kept: with nobody who uses them, none once the engine has collected its garbage. */
export function preparations(): number {
  return kept.size
}

function find(key: string): Prepared | undefined {
  const found = kept.get(key)
  const compiled = found?.compiled.deref()
  return found === undefined || compiled === undefined ? undefined : { ...found, compiled }
}

function begin(key: string, work: () => Promise<Prepared>): Promise<Prepared> {
  const started = finished(key, work)
  underWay.set(key, started)
  // All who wait for it may be gone
  started.catch(() => undefined)
  return started
}

async function finished(key: string, work: () => Promise<Prepared>): Promise<Prepared> {
  try {
    const prepared = await work()
    const { compiled } = prepared
    kept.set(key, { ...prepared, compiled: new WeakRef(compiled) })
    collected.register(compiled, key)
    return prepared
  } finally {
    underWay.delete(key)
  }
}

/** By a hash for which nobody can find other bytes, or one plugin would be taken for another. Undefined in an engine that has none. */
async function keyOf(bytes: Uint8Array, options: GuardOptions, signal: AbortSignal): Promise<string | undefined> {
  const hash = builtin('crypto')?.createHash('sha256')
  if (hash === undefined) return undefined
  for (let from = 0; from < bytes.length; from += PIECE) {
    if (from > 0) await new Promise<void>(nextTurn)
    if (signal.aborted) throw aborted(signal)
    hash.update(bytes.subarray(from, from + PIECE))
  }
  // JSON has no Infinity
  const settings = JSON.stringify(options, (_, value) => (typeof value === 'number' ? String(value) : value))
  return `${hash.digest('base64')} ${settings}`
}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(aborted(signal))
    signal.addEventListener('abort', abort)
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

function aborted(signal: AbortSignal): LoadError {
  return new LoadError('aborted', 'loading was aborted', { cause: signal.reason })
}
