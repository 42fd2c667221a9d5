/** `curfew run`: a program of WASI, with the command's own streams. */
import { type DirectoryOptions, Host, type RunOptions } from '../index.ts'
import { DEFAULT_MODULE_SIZE_LIMIT } from '../limits.ts'
import { CommandError } from './failure.ts'
import { parseModuleFile, readModuleFile, refuseGuarded } from './file.ts'
import type { CommandIo, Sink, Source } from './io.ts'
import { fail, printJson } from './output.ts'

/** As the options are called on the command line. Times in ms, sizes in bytes. */
export interface RunCommandOptions {
  readonly env?: readonly (readonly [name: string, value: string])[]
  readonly dir?: readonly GivenDirectory[]
  readonly timeout?: number
  readonly cpuTimeout?: number
  readonly memory?: number
  /** 0: counted, but not limited. */
  readonly fuel?: bigint
  readonly deterministic?: boolean
  readonly json?: boolean
}

/** What a program exits with, whatever that is, has to pass through 8 bits: failure stays failure. */
const HIGHEST_EXIT_CODE = 255
/** What a shell reports for SIGPIPE. */
const UNREAD = 141

/** Nobody reads what the program writes any more. */
class Unread extends Error {}

/** A directory of the machine, and what the program sees it under. */
export interface GivenDirectory {
  readonly host: string
  readonly guest: string
  readonly readOnly: boolean
}

export const DIRECTORY_EXPECTED = 'a directory, and what the program sees it as: data, data::/data, data::/data:ro'

/** `host`, `host::guest`, either with `:ro`. */
export function parseDirectory(text: string): GivenDirectory | undefined {
  const readOnly = text.endsWith(':ro')
  const [host = '', ...rest] = (readOnly ? text.slice(0, -3) : text).split('::')
  const guest = rest.length === 0 ? host : rest.join('::')
  return host === '' || guest === '' ? undefined : { host, guest, readOnly }
}

export const VARIABLE_EXPECTED = 'NAME=value'

export function parseVariable(text: string): readonly [name: string, value: string] | undefined {
  const at = text.indexOf('=')
  return at > 0 ? [text.slice(0, at), text.slice(at + 1)] : undefined
}

/** @returns the exit code: the program's, or what the table of errors says */
export async function runCommand(io: CommandIo, file: string, args: readonly string[], options: RunCommandOptions): Promise<number> {
  const json = options.json === true
  try {
    const bytes = await readModuleFile(io, file)
    const info = parseModuleFile(bytes)
    refuseGuarded(info)
    if (!info.exports.some(({ name, kind }) => name === '_start' && kind === 'function')) {
      throw new CommandError(
        'no-such-function',
        'the module is no program: it exports no _start',
        'Build it as one, or call one of its functions with `curfew call`.',
      )
    }
    return await runOnce(io, file, bytes, args, options)
  } catch (error) {
    // Ends as by SIGPIPE: `| head` is no failure to be told of
    return error instanceof Error && error.cause instanceof Unread ? UNREAD : fail(io, error, { json, module: file })
  }
}

async function runOnce(io: CommandIo, file: string, bytes: Uint8Array, args: readonly string[], options: RunCommandOptions): Promise<number> {
  const interrupt = new AbortController()
  const host = new Host({
    // Who names a file on a command line means that file, however large
    moduleSizeLimit: Math.max(DEFAULT_MODULE_SIZE_LIMIT, bytes.length),
    ...(options.timeout === undefined ? {} : { execTimeout: options.timeout }),
    ...(options.cpuTimeout === undefined ? {} : { cpuTimeout: options.cpuTimeout }),
    ...(options.memory === undefined ? {} : { memoryLimit: options.memory }),
  })
  const { slices } = host.features
  // Without slices a listener would never be told, and would only take away the way out that a signal is by itself
  const release = slices ? io.onInterrupt?.(() => interrupt.abort(new Error('interrupted'))) : undefined
  try {
    const module = await host.loadModule(file, bytes, {
      wasi: { directories: directoriesOf(options.dir ?? []) },
      signal: interrupt.signal,
      deterministic: options.deterministic === true,
      ...(options.fuel === undefined ? {} : { fuel: options.fuel || Number.POSITIVE_INFINITY }),
    })
    const began = performance.now()
    const { exitCode, stdout, stderr } = await module.run({
      args: [file, ...args],
      env: Object.fromEntries(options.env ?? []),
      stdin: slices ? (io.stdin ?? '') : await allOf(io.stdin),
      signal: interrupt.signal,
      ...(options.json ? {} : streams(io, interrupt)),
    })
    if (options.json) {
      const { cpu, lastFuel } = module.stats
      const figures = { elapsed: rounded(performance.now() - began), cpu: rounded(cpu), ...(options.fuel === undefined ? {} : { fuel: lastFuel }) }
      printJson(io.stdout, { module: file, exitCode, stdout, stderr, ...figures })
    }
    return Math.min(exitCode, HIGHEST_EXIT_CODE)
  } finally {
    release?.()
    await host.close()
  }
}

function directoriesOf(given: readonly GivenDirectory[]): Record<string, DirectoryOptions> {
  return Object.fromEntries(given.map(({ host, guest, readOnly }) => [guest, { path: host, readOnly }]))
}

function streams(io: CommandIo, interrupt: AbortController): Pick<RunOptions, 'stdout' | 'stderr'> {
  const through = (sink: Sink) => async (bytes: Uint8Array) => {
    try {
      await (sink.writeBytes === undefined ? sink.write(new TextDecoder().decode(bytes)) : sink.writeBytes(bytes))
    } catch {
      // The program might take no notice of errors
      interrupt.abort(new Unread())
    }
  }
  return { stdout: through(io.stdout), stderr: through(io.stderr) }
}

/** For a guest that cannot be suspended until there is more. Nobody waits for a terminal like that. */
async function allOf(source: Source | undefined): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  if (source !== undefined && source.isTTY !== true) for await (const chunk of source) chunks.push(chunk)
  return Buffer.concat(chunks)
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
