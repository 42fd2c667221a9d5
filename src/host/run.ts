/** `module.run`: a program from its start to its exit. */
import { CurfewError, callError, type Output, optionError } from '../errors.ts'
import { RunContext } from '../guests/caller.ts'
import { now } from '../runtime/clock.ts'
import { LONGEST_TIMER } from '../runtime/turn.ts'
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

/** @param start calls `_start`, and says how long that may take, ms @throws as `Module.run` */
export async function runCommand(
  module: string,
  wasi: LinkedWasi | undefined,
  options: RunOptions,
  start: (options: CallOptions) => { readonly timeout: number; readonly called: Promise<unknown> },
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
    const began = now()
    const { timeout, called } = start({ ...limits, context: new RunContext(context, run) })
    const exitCode = await exitCodeOf(called)
    await taken(run, began, timeout, limits.signal, module)
    return { exitCode, ...write(run) }
  } catch (error) {
    throw withOutput(error, write(run), module)
  } finally {
    if (stdin !== undefined) run.stdin.close()
  }
}

/** A guest that cannot be suspended does not wait for who takes its output. The run does, within its limits. @throws CallError */
async function taken(run: WasiRun, began: number, timeout: number, signal: AbortSignal | undefined, module: string): Promise<void> {
  if (!run.isPending) return run.finished()
  const fail = (code: 'deadline' | 'aborted', cause?: unknown) =>
    callError(code, 'the program has ended, but what it wrote was not taken until then', { module, phase: 'host', ran: true, cause, figures: { timeout } })
  let release = (): void => undefined
  const stopped = new Promise<never>((_, reject) => {
    const abort = (): void => reject(fail('aborted', signal?.reason))
    const left = began + timeout - now()
    const timer = left > LONGEST_TIMER ? undefined : setTimeout(() => reject(fail('deadline')), left)
    signal?.addEventListener('abort', abort)
    if (signal?.aborted) abort()
    release = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
    }
  })
  await Promise.race([run.finished(), stopped]).finally(release)
}

function writer(encoding: 'utf8' | 'buffer'): (run: WasiRun) => Output {
  return ({ stdout, stderr }) => {
    if (encoding === 'buffer') return { stdout: stdout.bytes, stderr: stderr.bytes }
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
    return { stdout: decoder.decode(stdout.bytes), stderr: decoder.decode(stderr.bytes) }
  }
}

/** @throws what ended it otherwise */
async function exitCodeOf(called: Promise<unknown>): Promise<number> {
  try {
    await called
    return 0
  } catch (error) {
    const end = endOf(error)
    if (end instanceof WasiExit) return end.exitCode
    throw error
  }
}

/** What it was ended with, be it in a call that a host function made back into it; undefined if it was not. */
function endOf(error: unknown): unknown {
  let end: unknown
  for (let each = error; each instanceof CurfewError && each.code === 'ended'; each = each.cause) end = each.cause
  return end
}

/** A panic is printed before it traps. */
function withOutput(error: unknown, output: Output, module: string): unknown {
  if (!(error instanceof CurfewError)) return error
  const cause = endOf(error)
  const told =
    cause instanceof CurfewError && cause.code === 'output-limit'
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
