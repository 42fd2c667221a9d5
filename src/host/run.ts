/** `module.run`: a program from its start to its exit. */
import { CurfewError, callError, type Output, optionError } from '../errors.ts'
import { RunContext } from '../guests/caller.ts'
import { WasiExit, type WasiRun } from '../wasi/run.ts'
import type { CallOptions } from './call-options.ts'
import { known, oneOf } from './checks.ts'
import type { LinkedWasi } from './wasi.ts'
import { makeRun, resolveStreams, type StreamOptions } from './wasi-options.ts'

/** Those of the module's `wasi` are the default of each that is given here as well. */
export interface RunOptions extends StreamOptions, CallOptions {
  /** What `stdout` and `stderr` come back as: text (UTF-8, the default), or bytes. */
  readonly encoding?: 'utf8' | 'buffer'
}

export interface RunResult<Data = string | Uint8Array> extends Output<Data> {
  /** 0: it went well, by its own account. */
  readonly exitCode: number
}

const STREAMS = ['args', 'env', 'stdin', 'stdout', 'stderr', 'outputLimit'] as const
const OPTIONS = [...STREAMS, 'timeout', 'cpuTimeout', 'fuel', 'signal', 'context', 'encoding']

/** @param call calls `_start` @throws as `Module.run` */
export async function runCommand(
  module: string,
  wasi: LinkedWasi | undefined,
  options: RunOptions,
  call: (name: string, options: CallOptions) => Promise<unknown>,
): Promise<RunResult> {
  known('run', options, OPTIONS)
  if (wasi === undefined) throw optionError('wasi', 'an object, `{}` say, when a module is loaded that is to be run', undefined)
  if (!wasi.isCommand) {
    throw callError('no-such-function', 'the module is no program: it exports no `_start`', { module, function: '_start' })
  }
  const { args, env, stdin, stdout, stderr, outputLimit, encoding, context, ...limits } = options
  const write = writer(oneOf('encoding', encoding, ['utf8', 'buffer']))
  const run = makeRun(resolveStreams(options, wasi.streams), module, undefined)
  try {
    await call('_start', { ...limits, context: new RunContext(context, run) })
    await run.finished()
    return { exitCode: 0, ...write(run) }
  } catch (error) {
    const exitCode = await exitCodeOf(error, run)
    if (exitCode !== undefined) return { exitCode, ...write(run) }
    throw withOutput(error, write(run), module)
  } finally {
    if (stdin !== undefined) run.stdin.close()
  }
}

function writer(encoding: 'utf8' | 'buffer'): (run: WasiRun) => Output {
  return ({ stdout, stderr }) => {
    if (encoding === 'buffer') return { stdout: stdout.bytes, stderr: stderr.bytes }
    const decoder = new TextDecoder()
    return { stdout: decoder.decode(stdout.bytes), stderr: decoder.decode(stderr.bytes) }
  }
}

/** Undefined: it did not exit. */
async function exitCodeOf(error: unknown, run: WasiRun): Promise<number | undefined> {
  if (!(error instanceof CurfewError) || error.code !== 'ended' || !(error.cause instanceof WasiExit)) return undefined
  await run.finished()
  return error.cause.exitCode
}

/** A panic is printed before it traps. */
function withOutput(error: unknown, output: Output, module: string): unknown {
  if (!(error instanceof CurfewError)) return error
  const { cause } = error
  const told =
    error.code === 'ended' && cause instanceof CurfewError && cause.code === 'output-limit'
      ? callError(cause.code, cause.what, {
          module,
          function: error.function,
          phase: error.phase,
          ran: error.ran,
          figures: { ...error.figures, ...cause.figures },
        })
      : error
  told.output = output
  return told
}
