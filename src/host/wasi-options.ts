/** What a module is given of WASI, checked up front. */
import { CurfewError, engineMessage, optionError, quote } from '../errors.ts'
import type { Preopen } from '../wasi/descriptors.ts'
import type { Directory } from '../wasi/directory.ts'
import { type FileTree, filesOf } from '../wasi/file-tree.ts'
import type { WasiSettings } from '../wasi/guest.ts'
import { Input, type InputSource } from '../wasi/input.ts'
import { type FileLimits, loadVirtualDirectory, MemoryDirectory, quotaMaker } from '../wasi/memory-directory.ts'
import { type Sink, sinkOf } from '../wasi/output.ts'
import type { Quota } from '../wasi/quota.ts'
import { LONGEST_PATH } from '../wasi/resolve.ts'
import { WasiRun } from '../wasi/run.ts'
import { count, flag, known } from './checks.ts'

export type { FileTree }

/** Where output goes: a function is called with each piece, and one that returns a promise is waited for. */
export type OutputTarget = ((bytes: Uint8Array) => unknown) | WritableStream<Uint8Array>

/** What a run has of its own. */
export interface StreamOptions {
  /** Arguments, the program's name first. Default: the module's name. */
  readonly args?: readonly string[]
  /** Environment. Default: nothing, least of all the process's. */
  readonly env?: Readonly<Record<string, string>>
  /** Default: empty. A stream needs a guest that can be suspended. */
  readonly stdin?: InputSource
  /** Default: collected by `run`, and dropped in other calls. */
  readonly stdout?: OutputTarget
  readonly stderr?: OutputTarget
  /** Bytes of stdout, and of stderr; the guest that writes more is ended. Default: 1 MiB where it is collected, else none. */
  readonly outputLimit?: number
}

/** A directory that is given to a guest. */
export type DirectoryOptions =
  | MemoryDirectory
  /** In memory: each instance begins with a copy. */
  | { readonly files?: FileTree; readonly readOnly?: boolean }
  /** Of the machine. */
  | { readonly path: string; readonly readOnly?: boolean }

export interface WasiOptions extends StreamOptions, FileLimits {
  /** What the guest sees, by the path that it sees it under. Default: none. */
  readonly directories?: Readonly<Record<string, DirectoryOptions>>
  /** What a guest may have open, the standard streams and its directories included. Default 256. */
  readonly openFileLimit?: number
  /** `system`, or ms since the epoch of a clock that only sleeping moves, at once. Default `system`; 0 if the module is `deterministic`. */
  readonly clock?: 'system' | number
  /** `system`, or the seed of what is the same in each instance. Default `system`; 0 if the module is `deterministic`. */
  readonly random?: 'system' | number
}

const DEFAULT_OPEN_FILE_LIMIT = 256
/** The standard streams. */
const LEAST_OPEN_FILES = 3
const STREAM_OPTIONS = ['args', 'env', 'stdin', 'stdout', 'stderr', 'outputLimit']
const WASI_OPTIONS = [...STREAM_OPTIONS, 'directories', 'fileSizeLimit', 'fileCountLimit', 'openFileLimit', 'clock', 'random']

/** The options of a run, each with the module's as its default. */
export interface ResolvedStreams {
  readonly args: readonly string[] | undefined
  readonly env: Readonly<Record<string, string>>
  readonly stdin: InputSource | Input
  readonly stdout: Sink | undefined
  readonly stderr: Sink | undefined
  readonly outputLimit: number | undefined
}

export interface ResolvedWasi extends Omit<WasiSettings, 'preopens' | 'standing'> {
  readonly streams: ResolvedStreams
  readonly directories: readonly Choice[]
  readonly quota: () => Quota
}

/** @throws CurfewError `invalid-option` */
export function resolveWasi(options: WasiOptions, deterministic: boolean): ResolvedWasi {
  known('wasi', options, WASI_OPTIONS)
  const streams = resolveStreams(options, { args: undefined, env: {}, stdin: '', stdout: undefined, stderr: undefined, outputLimit: undefined })
  return {
    // One stream for all runs: each begins where the one before left it
    streams: { ...streams, stdin: isStream(streams.stdin) ? new Input(streams.stdin) : streams.stdin },
    directories: Object.entries(checkObject('directories', options.directories ?? {})).map(([path, given]) => checkDirectory(path, given)),
    quota: quotaMaker(options),
    descriptors: count('openFileLimit', options.openFileLimit, DEFAULT_OPEN_FILE_LIMIT, LEAST_OPEN_FILES),
    clock: systemOr('clock', options.clock, 'ms since the epoch', deterministic),
    random: systemOr('random', options.random, 'a seed, 0 or more', deterministic),
  }
}

/** @throws CurfewError `invalid-option` */
export function resolveStreams({ args, env, stdin, stdout, stderr, outputLimit }: StreamOptions, given: ResolvedStreams): ResolvedStreams {
  return {
    args: args === undefined ? given.args : checkArgs(args),
    env: env === undefined ? given.env : checkEnv(env),
    stdin: stdin === undefined ? given.stdin : checkInput(stdin),
    stdout: stdout === undefined ? given.stdout : checkTarget('stdout', stdout),
    stderr: stderr === undefined ? given.stderr : checkTarget('stderr', stderr),
    outputLimit: outputLimit === undefined ? given.outputLimit : count('outputLimit', outputLimit, 0),
  }
}

/** What of it is made once a module is loaded. @throws CurfewError `invalid-option` for a directory that cannot be opened */
export async function wasiSettings(resolved: ResolvedWasi, module: string): Promise<WasiSettings> {
  const { directories, quota, streams, clock, random, descriptors } = resolved
  const openers = await Promise.all(directories.map((choose) => choose()))
  const preopens: WasiSettings['preopens'] = (now) => {
    const shared = quota()
    return openers.map((open) => open(shared, now))
  }
  checkFits(preopens)
  return {
    clock,
    random,
    descriptors,
    preopens,
    standing: () => makeRun(streams, module, () => undefined),
  }
}

/** @throws CurfewError `invalid-option` if the files that an instance begins with are above the limits */
function checkFits(preopens: WasiSettings['preopens']): void {
  try {
    preopens(Date.now)
  } catch (cause) {
    throw new CurfewError('invalid-option', 'the files given as `directories` are above `fileSizeLimit` or `fileCountLimit`', { cause })
  }
}

/** @param otherwise where output goes that nobody asked for; undefined: it is collected */
export function makeRun(streams: ResolvedStreams, module: string, otherwise: Sink | undefined): WasiRun {
  const { args = [module], stdout = otherwise, stderr = otherwise } = streams
  return new WasiRun({ ...streams, args, stdout, stderr })
}

type Opener = (quota: Quota, now: () => number) => Preopen
/** Opens what can be shared by all instances, and says how each has the rest. */
type Choice = () => Promise<Opener>

/** @throws CurfewError `invalid-option` */
async function chooseHostDirectory(path: string, hostPath: string): Promise<() => Directory> {
  const { HostDirectory } = await import('../wasi/host-directory.ts')
  try {
    return HostDirectory.chosen(hostPath)
  } catch (cause) {
    throw new CurfewError('invalid-option', `the directory ${quote(hostPath)}, given as ${quote(path)}, cannot be opened: ${engineMessage(cause)}`, { cause })
  }
}

function checkObject(option: string, value: unknown): object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw optionError(option, 'an object', value)
  return value
}

const hasZero = (text: string): boolean => text.includes('\0')

function checkArgs(args: unknown): readonly string[] {
  if (!Array.isArray(args)) throw optionError('args', 'an array of strings', args)
  for (const arg of args) if (typeof arg !== 'string' || hasZero(arg)) throw optionError('args', 'strings without a zero byte', arg)
  return [...args]
}

function checkEnv(env: unknown): Readonly<Record<string, string>> {
  const entries = Object.entries(checkObject('env', env))
  for (const [name, value] of entries) {
    if (!/^[^=\0]+$/.test(name)) throw optionError('env', 'names without `=` and zero bytes', name)
    if (typeof value !== 'string' || hasZero(value)) throw optionError(`env.${name}`, 'a string without a zero byte', value)
  }
  return Object.fromEntries(entries)
}

function isStream(value: unknown): value is AsyncIterable<Uint8Array> {
  return typeof value === 'object' && value !== null && typeof (value as { [Symbol.asyncIterator]?: unknown })[Symbol.asyncIterator] === 'function'
}

function checkInput(value: unknown): InputSource {
  const isLocked = value instanceof ReadableStream && value.locked
  if (typeof value === 'string' || value instanceof Uint8Array || (isStream(value) && !isLocked)) return value
  if (isLocked) throw optionError('stdin', 'a stream that nobody else reads', value)
  throw optionError('stdin', 'a string, a Uint8Array, a ReadableStream or an async iterable', value)
}

function checkTarget(option: string, value: unknown): Sink {
  if (typeof value === 'function') return value as Sink
  if (value instanceof WritableStream) return sinkOf(value)
  throw optionError(option, 'a function or a WritableStream', value)
}

/** Of own properties alone: whether a directory is one of the machine is for nobody's prototype to say. */
function checkDirectory(path: string, given: unknown): Choice {
  const option = `directories[${JSON.stringify(path)}]`
  if (path === '' || hasZero(path) || new TextEncoder().encode(path).length > LONGEST_PATH) {
    throw optionError('directories', `paths of 1 to ${LONGEST_PATH} bytes, as the guest sees them`, path)
  }
  if (given instanceof MemoryDirectory) return async () => () => ({ path, directory: given.root, readOnly: false })
  const options = new Map<string, unknown>(Object.entries(checkObject(option, given)))
  const isHost = options.has('path')
  known(option, given as object, [isHost ? 'path' : 'files', 'readOnly'])
  const readOnly = flag(`${option}.readOnly`, options.get('readOnly'))
  if (isHost) {
    const hostPath = options.get('path')
    if (typeof hostPath !== 'string' || hostPath === '') throw optionError(`${option}.path`, 'the path of a directory', hostPath)
    return async () => {
      const open = await chooseHostDirectory(path, hostPath)
      return () => ({ path, directory: open(), readOnly })
    }
  }
  const files = filesOf(`${option}.files`, options.get('files') ?? {})
  return async () => {
    const Virtual = await loadVirtualDirectory()
    return (quota, now) => ({ path, directory: Virtual.root(files, quota, now), readOnly })
  }
}

function systemOr(option: string, value: unknown, takes: string, deterministic: boolean): 'system' | number {
  if (value === undefined) return deterministic ? 0 : 'system'
  if (value === 'system' || (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0)) return value
  throw optionError(option, `'system' or a whole number (${takes})`, value)
}
