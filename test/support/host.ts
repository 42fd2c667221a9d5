/**
 * Behaviours of a host, as tests: each gets hosts that are closed afterwards, and fails if it leaves something behind (a timer, an
 * immediate, a listener on a signal, a rejection that nobody handles).
 */
import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { CurfewError, type ErrorCode, Host, type HostOptions, type ImportValue, type LoadOptions, type Module } from '../../src/index.ts'
import { wat } from './wat.ts'

/** With JSPI guests run in slices; without it, each to its end; on this thread, or others. All run the same list. */
export interface Mode {
  readonly name: string
  readonly jspi: boolean
  /** Threads that the guests run in. */
  readonly threads?: number
  /** Claims that do not hold there, and why. */
  readonly differences?: ReadonlyMap<string, Difference>
}

/** What holds in place of a claim: the proof, if there is one, is of that. */
export interface Difference {
  readonly instead: string
  /** @param original the proof of the claim that does not hold */
  readonly prove?: (bench: Bench, original: Prove) => Promise<void>
}

const DIFFERENT = '[expected difference] '

let mode: Mode = { name: '', jspi: true }

/** Has the behaviours that are registered from now on proven in a mode. */
export function inMode(next: Mode): void {
  mode = next
}

export const FIXTURES = join(import.meta.dirname, '../fixtures')

export function fixture(name: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(readFileSync(join(FIXTURES, `${name}.wasm`)))
}

/** What a behaviour works with. */
export class Bench {
  readonly #hosts: Host[] = []
  readonly #controllers: AbortController[] = []

  host(options?: HostOptions): Host {
    const host = new Host(mode.threads === undefined ? options : { threads: mode.threads, ...options })
    this.#hosts.push(host)
    return host
  }

  /** Loads a module, under the name of its fixture or as `text`, into a host of its own with generous limits. */
  async load(source: string, { name, host, ...options }: LoadOptions & { name?: string; host?: HostOptions } = {}): Promise<Module> {
    const isText = source.startsWith('(')
    return this.host(host ?? { execTimeout: GENEROUS }).loadModule(name ?? (isText ? 'text' : source), isText ? wat(source) : fixture(source), options)
  }

  /** A controller whose signal must have no listener left at the end. */
  abortController(): AbortController {
    const controller = new AbortController()
    this.#controllers.push(controller)
    return controller
  }

  async end(before: readonly string[]): Promise<void> {
    for (const host of this.#hosts) await within(host.close(), 'closing the host')
    for (const { signal } of this.#controllers) assert.equal(getEventListeners(signal, 'abort').length, 0, 'a listener is left on a signal')
    for (let turn = 0; turn < 20 && left(before).length > 0; turn++) await nextTurn()
    assert.deepEqual(left(before), [], 'something is left that keeps the process alive')
  }
}

/** A limit for guests that are not supposed to reach it, ms: a test fails by it instead of hanging. */
export const GENEROUS = 5_000

/** A claim about the host, and its proof. */
export function behaviour(claim: string, prove: Prove): void {
  const [, plain = claim] = claim.split(DIFFERENT)
  const difference = mode.differences?.get(plain)
  if (difference === undefined) return proven(claim, prove)
  const { instead, prove: proveInstead } = difference
  const text = `${DIFFERENT}${plain}: ${instead}`
  if (proveInstead === undefined) test(text, { skip: instead })
  else proven(text, (bench) => proveInstead(bench, prove))
}

function proven(claim: string, prove: Prove): void {
  test(claim, async () => {
    const before = pending()
    const bench = new Bench()
    const unhandled: unknown[] = []
    const listener = (reason: unknown) => unhandled.push(reason)
    process.on('unhandledRejection', listener)
    try {
      await prove(bench)
      await bench.end(before)
      await nextTurn()
    } finally {
      process.off('unhandledRejection', listener)
      await bench.end(before).catch(() => undefined)
    }
    assert.deepEqual(unhandled, [], 'a rejection that nobody handled')
  })
}

export type Prove = (bench: Bench) => Promise<void>

/** A claim that only JSPI makes possible, and what holds in its place without. */
export function differs(mode: Mode, withJspi: readonly [string, Prove], without: readonly [string, Prove]): void {
  const [claim, prove] = mode.jspi ? withJspi : without
  behaviour(mode.jspi ? claim : `${DIFFERENT}${claim}`, prove)
}

function pending(): string[] {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout' || kind === 'Immediate')
}

function left(before: readonly string[]): string[] {
  const rest = [...before]
  return pending().filter((kind) => {
    const at = rest.indexOf(kind)
    if (at >= 0) rest.splice(at, 1)
    return at < 0
  })
}

/** Lets timers, I/O and guests have a turn of the event loop. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** Fails in place of hanging: the bound is far above what anything here takes. */
export async function within<T>(promise: Promise<T>, what: string, ms = 10_000): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${ms} ms`)), ms)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/** What a promise or function is rejected with or throws: an error of Curfew, with this code. */
export async function failure(attempt: Promise<unknown> | (() => unknown), code?: ErrorCode): Promise<CurfewError> {
  let result: unknown
  try {
    result = await within(Promise.resolve(typeof attempt === 'function' ? attempt() : attempt), 'a call')
  } catch (error) {
    if (!(error instanceof CurfewError)) throw error
    if (code !== undefined) assert.equal(error.code, code, `${error.name} ${error.code}: ${error.message}`)
    return error
  }
  return assert.fail(`nothing was thrown${code === undefined ? '' : ` in place of ${code}`}, but it returned ${String(result)}`)
}

export interface HostCalls {
  readonly log?: (value: number) => unknown
  readonly now?: () => unknown
  readonly callback?: () => unknown
}

/** The imports of the fixture `host_calls`. */
export function hostCalls({ log = () => undefined, now = () => 0, callback = () => 0 }: HostCalls = {}): { env: Record<string, ImportValue> } {
  return { env: { log, now, callback } }
}

/** Holds the thread, so that the event loop's turn is used up or a deadline passes. */
export function busy(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

/** What an error tells of a call, for one comparison. */
export function facts({ code, module, function: name, phase, ran }: CurfewError): Record<string, unknown> {
  return { code, module, function: name, phase, ran }
}
