/**
 * Every way a load or a call can fail: one table of codes and the classes that are made from it.
 *
 * - `REASONS` is the table: class, CLI exit code, whether the instance lives on, what it means, what to do.
 * - `CurfewError` carries the code and the figures; `LoadError` and `CallError` say which side failed;
 *   `StopError`, `TrapError`, `GuestError`, `HostFunctionError` and `UsageError` are the kinds of `CallError`.
 *
 * README and docs/errors.md are checked against the table by a test.
 */

/** Where a call was when it ended. `host` means inside a host function that the guest had called. */
export type Phase = 'queued' | 'starting' | 'running' | 'suspended' | 'host'

/** Which class an error of a code has when a call fails with it. */
export type ReasonKind = 'option' | 'load' | 'stop' | 'trap' | 'guest' | 'host' | 'usage'

interface Reason {
  /** The class of the error when a call fails with this code; a load that fails is always a `LoadError`. */
  readonly kind: ReasonKind
  /** May the instance that ran the call be used again, as far as this reason goes? */
  readonly instanceUsable: boolean
  /** What the `curfew` command exits with. */
  readonly exitCode: number
  /** One sentence for the docs. */
  readonly meaning: string
  /** The way out, appended to the message. */
  readonly advice: string
}

const reason = (kind: ReasonKind, exitCode: number, instanceUsable: boolean, meaning: string, advice: string): Reason => ({
  kind,
  instanceUsable,
  exitCode,
  meaning,
  advice,
})

/** Exit codes of the `curfew` command; 124 is what `timeout(1)` uses, 130 what a shell reports for SIGINT. */
export const EXIT = { ok: 0, internal: 1, usage: 2, load: 3, trap: 4, host: 5, fuel: 6, deadline: 124, aborted: 130 } as const

// biome-ignore format: one reason a line
export const REASONS = {
  'invalid-option': reason('option', EXIT.usage, true, 'An option or argument of the API has a wrong type or value.', 'Pass what the message says the option takes.'),

  'invalid-name': reason('load', EXIT.usage, true, 'A module name is empty, only white space, or not a string.', 'Give the module a name with at least one visible character.'),
  'name-in-use': reason('load', EXIT.usage, true, 'Another module of this host has the name.', 'Close that module first, or choose another name.'),
  'invalid-source': reason('load', EXIT.load, true, 'The source is not bytes, could not be fetched or read, or has been guarded already.', 'Pass a Uint8Array, an ArrayBuffer, a URL or a Response whose body is a Wasm module, as its toolchain made it.'),
  'too-large': reason('load', EXIT.load, true, 'The module is larger than `moduleSizeLimit`.', 'Raise `moduleSizeLimit` if the module is trusted to be that large.'),
  malformed: reason('load', EXIT.load, true, 'The bytes do not decode as a WebAssembly module.', 'Check that the file is complete and a core module (not a component or text).'),
  'invalid-module': reason('load', EXIT.load, true, 'The module decodes but does not validate.', 'Rebuild it; the toolchain that produced it has a bug, or the file was altered.'),
  'unsupported-feature': reason('load', EXIT.load, true, 'The module uses a feature whose memory or time no limit can bound.', 'Build the plugin without that feature.'),
  'limit-exceeded': reason('load', EXIT.load, true, 'The module is above a cap on memory, tables or what compiling and instantiating it would cost, or host or process have no room for it.', 'Raise the limit if the module is trusted, make the module smaller, or close others.'),
  'missing-import': reason('load', EXIT.load, true, 'The module imports something that was not given.', 'Pass every import that is listed in `imports`; those of `wasi_snapshot_preview1` come with `wasi: {}`.'),
  'invalid-import': reason('load', EXIT.load, true, 'An import was given but is of the wrong kind or type, or may not be passed in.', 'Pass functions and immutable globals as they are; memories, tables and mutable globals as `{ factory }`, with a maximum within the limits.'),
  'instantiation-failed': reason('load', EXIT.load, true, 'The engine could not compile, link or instantiate the module.', 'The cause has what the engine said.'),
  'start-failed': reason('load', EXIT.load, false, "The module's start function or `setup` trapped, threw or was stopped.", 'The cause has the reason.'),
  'start-timeout': reason('load', EXIT.deadline, false, "The module's start function or `setup` ran past `startTimeout`.", 'Raise `startTimeout` if the module is trusted to need longer.'),

  deadline: reason('stop', EXIT.deadline, false, "The call's time ran out: `execTimeout` or `timeout`, queueing included.", 'Raise the timeout, or give the plugin less work at a time.'),
  'cpu-timeout': reason('stop', EXIT.deadline, false, 'The guest ran for longer than `cpuTimeout`.', 'Raise `cpuTimeout`, or give the plugin less work at a time.'),
  'out-of-fuel': reason('stop', EXIT.fuel, false, "The call's fuel ran out.", 'Raise `fuel`, or give the plugin less work at a time.'),
  'out-of-memory': reason('stop', EXIT.host, false, 'A guest with fuel could not grow a memory or table although its limit allows it: what came after would depend on the machine.', 'Lower `memoryLimit`, or run fewer plugins in this process.'),
  'memory-limit': reason('stop', EXIT.host, false, 'A guest grew a memory beyond `totalMemoryLimit`, or a table beyond what all tables of the thread may have.', 'Raise `totalMemoryLimit`, lower `memoryLimit` or `tableLimit`, or load fewer modules.'),
  'nested-timeout': reason('stop', EXIT.deadline, false, 'A call that a host function made back into a guest ran past `nestedTimeout`.', 'Keep nested calls short (allocating, say), or raise `nestedTimeout`.'),
  'lease-timeout': reason('usage', EXIT.deadline, false, 'A lease taken by `use` was held past its `timeout`.', 'Raise the `timeout` of `use`, or hold the lease for fewer steps.'),
  ended: reason('stop', EXIT.host, false, 'A host function ended the call: the guest exited by WASI, or `caller.end` was called.', 'The cause is what the host function gave, the exit code of WASI say.'),
  'output-limit': reason('stop', EXIT.host, false, 'The guest wrote more to stdout or stderr than `outputLimit` allows.', 'Raise `outputLimit`, or give `stdout` and `stderr` as functions or streams that take it as it comes.'),
  aborted: reason('stop', EXIT.aborted, false, "The caller's `signal` was aborted.", "The cause is the signal's reason."),
  'thread-lost': reason('stop', EXIT.host, false, 'The thread that ran the guest did not answer any more, crashed or ran out of memory, and was ended, with whatever else it ran.', 'Retry the call if it may be done twice: its module comes back on another thread. The cause has what is known of the thread.'),
  closed: reason('stop', EXIT.host, false, 'The module or its host was closed.', 'Load the module again.'),

  trap: reason('trap', EXIT.trap, false, 'The guest trapped by itself (unreachable, out of bounds, division by zero and the like).', 'The cause is the trap, with its stack.'),
  'stack-overflow': reason('trap', EXIT.trap, false, 'The guest used up its stack, usually by endless recursion.', 'The cause has the stack.'),
  'guest-exception': reason('trap', EXIT.trap, false, 'The guest threw an exception that it did not catch.', 'The cause is the WebAssembly exception.'),
  'guest-error': reason('guest', EXIT.trap, true, 'The plugin answered a call of bytes, text or JSON with an error.', 'The cause is what it said.'),
  'bad-output': reason('guest', EXIT.trap, true, 'What a plugin gave back for bytes, text or JSON is outside of its memory, longer than `outputLimit`, not UTF-8 or not JSON.', 'Fix the plugin, or raise `outputLimit`: docs/plugins.md says what an output is.'),
  'alloc-failed': reason('guest', EXIT.trap, false, 'A plugin had no room for an input: its `alloc` returned 0, or what is outside of its memory.', 'Pass less, raise `memoryLimit`, or have the plugin free what it was given.'),
  'host-function': reason('host', EXIT.host, false, 'A host function threw and the guest did not catch it.', 'The cause is what the host function threw.'),

  'no-such-function': reason('usage', EXIT.usage, true, 'The module exports no function of that name.', 'Call one of the functions in `module.exports`.'),
  'wrong-signature': reason('usage', EXIT.usage, true, 'The function, or the module, is not made for bytes, text and JSON: an export is missing or has another type.', 'Use `call`, or export what docs/plugins.md asks for.'),
  'not-callable': reason('usage', EXIT.usage, true, "A value of the function's signature cannot cross into JavaScript (v128, exnref).", 'Export a wrapper that takes and returns values that can cross.'),
  'bad-argument': reason('usage', EXIT.usage, true, 'The arguments do not fit the signature.', 'Pass number for i32, f32 and f64, bigint for i64, a function of a guest or null for funcref.'),
  busy: reason('usage', EXIT.host, true, 'The instance is running, suspended or leased, and this call cannot wait.', 'Use `call`, which waits, or try again later.'),
  unbounded: reason('usage', EXIT.usage, true, '`callSync` without any time limit.', 'Pass a `timeout`, or `timeout: Infinity` if the guest may hold the thread for ever.'),
  'not-text': reason('usage', EXIT.host, true, 'Bytes of the guest that were to be a text are not UTF-8.', 'Check the pointer and the length that the guest gave, and its encoding.'),
  reentrant: reason('usage', EXIT.host, true, 'A host function called a module whose every instance waits for that host function, directly or through others: none would ever be free.', 'Give the module more `instances`, or call it after the host function has returned.'),
  stale: reason('usage', EXIT.host, false, 'The instance of this lease, or the guest function, is gone after a stop, a trap, a close or the end of `use`.', 'Take a new lease with `use`.'),
  'out-of-bounds': reason('usage', EXIT.host, true, "A read or write is outside the guest's memory.", 'Check the pointer and the length that the guest gave.'),
  'file-limit': reason('usage', EXIT.host, true, "What a guest has left in a `MemoryDirectory` takes more than its `fileSizeLimit` when it is copied: holes of files, and each name of a file that has several.", 'Use `read` for the files that you want, or raise `fileSizeLimit`.'),
  overloaded: reason('usage', EXIT.host, true, 'Too many calls are running or waiting, for the host or for the process.', 'Try again later, or raise `maxConcurrent` or `maxQueue`.'),
  unsupported: reason('usage', EXIT.usage, true, 'What was asked for cannot be done under `threads`, where guests run on other threads.', 'Use `call` in place of `callSync` where no guest waits for it, and `read` and `write` in place of `memory.bytes`.'),
  broken: reason('usage', EXIT.host, false, 'The module could not be restarted: its start function or `setup` failed several times in a row.', 'The cause is the last failure; the next attempt comes after the back-off.'),
} as const satisfies Record<string, Reason>

/** Stable machine-readable codes; see docs/errors.md. */
export type ErrorCode = keyof typeof REASONS

export interface ErrorDetails {
  /** Name of the module, as given to `loadModule`. */
  readonly module?: string | undefined
  /** Name of the exported function. */
  readonly function?: string | undefined
  /** Where the call was when it ended. */
  readonly phase?: Phase | undefined
  /** Did code of the guest run? If not, the call may be retried without doing anything twice. */
  readonly ran?: boolean | undefined
  /** The numbers behind the message, by name: limits and what was found, in ms, bytes or counts. */
  readonly figures?: Readonly<Record<string, number>> | undefined
  /** Byte offset in the original module. */
  readonly offset?: number | undefined
  readonly cause?: unknown
}

/** What a guest had written before it ended, as far as it was collected. */
export interface Output<Data = string | Uint8Array> {
  readonly stdout: Data
  readonly stderr: Data
}

/** What every error of Curfew is. Its own class is used for wrong options (`invalid-option`). */
export class CurfewError extends Error {
  readonly code: ErrorCode
  /** What happened, without where and without the way out. */
  readonly what: string
  readonly module: string | undefined
  readonly function: string | undefined
  readonly phase: Phase | undefined
  readonly ran: boolean
  readonly figures: Readonly<Record<string, number>>
  readonly offset: number | undefined
  /** Of a run that failed: what its guest had written by then. */
  output: Output | undefined

  /** @param what what happened, without a full stop; where and the way out are added */
  constructor(code: ErrorCode, what: string, details: ErrorDetails = {}) {
    super(message(code, what, details), 'cause' in details ? { cause: details.cause } : undefined)
    this.code = code
    this.what = what
    this.module = details.module
    this.function = details.function
    this.phase = details.phase
    this.ran = details.ran ?? false
    this.figures = details.figures ?? {}
    this.offset = details.offset
  }

  override get name(): string {
    return this.constructor.name
  }
}

/** The module was not loaded. Nothing of it remains and the name is free. */
export class LoadError extends CurfewError {}

/** A call, or a step of a lease, failed. */
export class CallError extends CurfewError {}
/** The host ended the call: deadline, CPU time, abort, close. */
export class StopError extends CallError {}
/** The guest ended the call by itself: a trap, stack overflow, an exception of its own. */
export class TrapError extends CallError {}
/** The guest ran to its end, and what it answered is an error or cannot be used. */
export class GuestError extends CallError {}
/** A host function threw through the guest. */
export class HostFunctionError extends CallError {}
/** The call was refused: it did not fit the module, or could not run now. */
export class UsageError extends CallError {}

const CALL_CLASSES = {
  stop: StopError,
  trap: TrapError,
  guest: GuestError,
  host: HostFunctionError,
  usage: UsageError,
  load: CallError,
  option: CurfewError,
} as const

/** A failed call: the class comes from the table. */
export function callError(code: ErrorCode, what: string, details?: ErrorDetails): CurfewError {
  return new CALL_CLASSES[REASONS[code].kind](code, what, details)
}

/** A wrong option: which, what it takes, what it got. */
export function optionError(option: string, takes: string, got: unknown): CurfewError {
  return new CurfewError('invalid-option', `option \`${option}\` takes ${takes}, but got ${show(got)}`)
}

function message(code: ErrorCode, what: string, details: ErrorDetails): string {
  const where: string[] = []
  if (details.function !== undefined) where.push(`function ${quote(details.function)}`)
  if (details.module !== undefined) where.push(`module ${quote(details.module)}`)
  if (details.offset !== undefined) where.push(`byte offset ${details.offset} (0x${details.offset.toString(16)})`)
  return `${what}${where.length > 0 ? ` (${where.join(', ')})` : ''}. ${REASONS[code].advice}`
}

const SHOWN = 80
const SHOWN_OF_ENGINE = 300

/** A string that may come from a guest, quoted, with control characters escaped, cut to what a log line bears. */
export function quote(text: string): string {
  return `"${printable(text, SHOWN)}"`
}

/** What the engine says, which may repeat what the guest wrote. */
export function engineMessage(error: unknown): string {
  return readable(() => (error instanceof Error ? printable(String(error.message), SHOWN_OF_ENGINE).replaceAll('\\"', '"') : show(error)))
}

/** What was thrown, by name. */
export function nameOf(error: unknown): string {
  return readable(() => (error instanceof Error ? `${error.name}: ${engineMessage(error)}` : show(error)))
}

/** `instanceof` of what may be anybody's: a proxy may throw when it is asked. */
export function isOf<T>(value: unknown, type: abstract new (...args: never[]) => T): value is T {
  try {
    return value instanceof type
  } catch {
    return false
  }
}

/** The getters and traps of what is read may throw. */
function readable(read: () => string): string {
  try {
    return read()
  } catch {
    return 'something that cannot be read'
  }
}

function printable(text: string, most: number): string {
  const cut = text.length > most ? `${text.slice(0, most)}…` : text
  return JSON.stringify(cut)
    .slice(1, -1)
    .replace(/[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** Any value, for a message: its type is told where its text would not. */
export function show(value: unknown): string {
  if (typeof value === 'string') return quote(value)
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'object' && value !== null)
    return readable(() => (Array.isArray(value) ? 'an array' : `an object (${quote(Object.prototype.toString.call(value).slice(8, -1))})`))
  return String(value)
}
