/** What went wrong, in the command's own words: its options in place of the API's, and what to do at a terminal. */
import { CurfewError, type ErrorCode, type ErrorDetails, EXIT, type Output, REASONS } from '../errors.ts'

/** An error that the command itself finds, with what to do about it. */
export class CommandError extends CurfewError {
  readonly advice: string
  /** What it is about, if that is a list. */
  readonly list: readonly string[] | undefined
  /** The file that it is about, if that is not the module. */
  readonly file: string | undefined

  constructor(code: ErrorCode, what: string, advice: string, details: ErrorDetails & { readonly list?: readonly string[]; readonly file?: string } = {}) {
    super(code, what, details)
    this.advice = advice
    this.list = details.list
    this.file = details.file
  }
}

/** A failure as it is printed, and as JSON. */
export interface Failure {
  readonly code: ErrorCode | 'internal'
  readonly message: string
  readonly list?: readonly string[]
  readonly file?: string
  readonly advice: string | undefined
  readonly phase?: string
  readonly ran?: boolean
  readonly figures?: Readonly<Record<string, number>>
  readonly offset?: number
  /** What a program had written by then. */
  readonly output?: Output
  readonly exitCode: number
}

/** What to do, where the table's advice is about the API. */
const ADVICE: Partial<Record<ErrorCode, string>> = {
  'unsupported-feature': 'Build the plugin without that feature; no option lets it through.',
  'instantiation-failed': 'Check that its data and element segments fit its memories and tables.',
  'start-failed': 'Mend the start function: it runs when a module is loaded, before any call.',
  'start-timeout': 'Raise --start-timeout if the module is trusted to need longer.',
  deadline: 'Raise --timeout, or give the function less work.',
  'cpu-timeout': 'Raise --cpu-timeout, or give the function less work.',
  'out-of-fuel': 'Raise --fuel, or give the function less work.',
  'out-of-memory': 'Lower --memory, or see to it that the machine has more to give.',
  trap: 'Check the arguments. If they are right, the plugin has a bug: it gave up by itself.',
  'stack-overflow': 'Check the arguments. If they are right, the plugin recurses too deeply, probably without end.',
  'guest-exception': 'Check the arguments, or have the plugin catch what it throws.',
}

/** Options of the API that messages name, and what they are called here. */
const OPTIONS: readonly (readonly [api: string, command: string])[] = [
  ['`memoryLimit`', '--memory'],
  ['`startTimeout`', '--start-timeout'],
  ['`cpuTimeout`', '--cpu-timeout'],
  ['`fuel`', '--fuel'],
  ['`fuelCosts`', '--costs'],
  ['`deterministic`', '--deterministic'],
]

export function failureOf(error: unknown): Failure {
  if (!(error instanceof CurfewError)) {
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    return {
      code: 'internal',
      message: `internal error: ${message}`,
      advice: 'This is a bug in curfew. Please report it, with the module if you can.',
      exitCode: EXIT.internal,
    }
  }
  const { code, phase, ran, figures, offset, output } = error
  return {
    code,
    message: messageOf(error),
    advice: adviceOf(error),
    ...(error instanceof CommandError && error.list !== undefined ? { list: error.list } : {}),
    ...(error instanceof CommandError && error.file !== undefined ? { file: error.file } : {}),
    ...(phase === undefined ? {} : { phase }),
    ran,
    figures,
    ...(offset === undefined ? {} : { offset }),
    ...(output === undefined ? {} : { output }),
    exitCode: REASONS[code].exitCode,
  }
}

function messageOf(error: CurfewError): string {
  const { code, cause, figures } = error
  // These speak of `setup` too, which the command has not
  if (code === 'start-failed' && cause instanceof CurfewError) return `the start function failed: ${cause.what}`
  if (code === 'start-timeout') return `the start function was not done within ${figures.timeout} ms`
  return OPTIONS.reduce((what, [api, command]) => what.replaceAll(api, command), error.what)
}

function adviceOf(error: CurfewError): string | undefined {
  if (error instanceof CommandError) return error.advice
  // Who interrupted it knows what to do
  if (error.code === 'aborted') return undefined
  if (error.code === 'limit-exceeded') {
    return error.what.includes('`memoryLimit`')
      ? 'Raise --memory if the module is trusted with that much.'
      : 'Make the module smaller; if it is trusted, a host in JavaScript can raise the limit.'
  }
  if (error.code === 'unsupported-feature' && error.what.includes('`deterministic`')) return 'Build the plugin without that, or leave out --deterministic.'
  if (error.code === 'start-failed' && error.cause instanceof CurfewError && error.cause.code === 'out-of-fuel') {
    return 'Raise --fuel: the start function has as much as a call.'
  }
  return ADVICE[error.code] ?? REASONS[error.code].advice
}
