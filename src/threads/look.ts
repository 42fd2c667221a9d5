/** What a value looks like to who does not have it: enough to make one that is described, and caught, as the value itself would be. */
import { CurfewError, REASONS } from '../errors.ts'
import type { Sent } from './crossing.ts'
import { failureFrom, type SentFailure, sentFailure } from './failures.ts'

export type Look =
  | { readonly as: 'function' | 'array' | 'symbol' | 'exception' }
  /** `[object <tag>]` */
  | { readonly as: 'object'; readonly tag: string }
  | { readonly as: 'error'; readonly name: string; readonly message: string; readonly stack: string | undefined }
  /** An error of Curfew. */
  | { readonly as: 'failure'; readonly failure: SentFailure }

type ErrorClass = new (message: string) => Error
const { Exception, Tag } = WebAssembly as unknown as {
  readonly Exception: new (tag: object, payload: readonly unknown[]) => WeakKey
  readonly Tag: new (type: { parameters: readonly string[] }) => object
}

/** Classes that errors are made of anew; of others only the name is kept. */
const CLASSES: Readonly<Record<string, ErrorClass>> = {
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
  CompileError: WebAssembly.CompileError,
  LinkError: WebAssembly.LinkError,
  RuntimeError: WebAssembly.RuntimeError,
}

/** @param send sends the cause of an error */
export function lookOf(value: unknown, send: (cause: unknown) => Sent): Look {
  try {
    return seen(value, send)
  } catch {
    // A getter or a trap of a Proxy threw, which is no reason not to send it
    return { as: 'object', tag: 'Object' }
  }
}

function seen(value: unknown, send: (cause: unknown) => Sent): Look {
  if (typeof value === 'function') return { as: 'function' }
  if (typeof value === 'symbol') return { as: 'symbol' }
  if (Array.isArray(value)) return { as: 'array' }
  if (value instanceof Exception) return { as: 'exception' }
  // One that somebody has given a code of his own is like any other error
  if (value instanceof CurfewError && Object.hasOwn(REASONS, value.code)) return { as: 'failure', failure: sentFailure(value, send) }
  if (value instanceof Error) return lookOfError(value)
  return { as: 'object', tag: Object.prototype.toString.call(value).slice(8, -1) }
}

/** Its stack may be anything: `Error.prepareStackTrace` makes it. */
function lookOfError({ name, message, stack }: Error): Look {
  return { as: 'error', name: String(name), message: String(message), stack: stack === undefined ? undefined : String(stack) }
}

/** @param call what calling it does, if it is a function */
export function remake(look: Look, call: (args: readonly unknown[]) => unknown, receive: (cause: Sent) => unknown): WeakKey {
  switch (look.as) {
    case 'function':
      return (...args: unknown[]) => call(args)
    case 'symbol':
      return Symbol('of another thread') as unknown as WeakKey
    case 'array':
      return []
    case 'exception':
      return new Exception(new Tag({ parameters: [] }), [])
    case 'failure':
      return failureFrom(look.failure, receive)
    case 'error':
      return remakeError(look.name, look.message, look.stack)
    case 'object':
      return Object.freeze({ [Symbol.toStringTag]: look.tag })
  }
}

function remakeError(name: string, message: string, stack: string | undefined): Error {
  const known = Object.hasOwn(CLASSES, name)
  const error = new ((known ? CLASSES[name] : Error) as ErrorClass)(message)
  if (!known) Object.defineProperty(error, 'name', { value: name, configurable: true, writable: true })
  if (stack !== undefined) Object.defineProperty(error, 'stack', { value: stack, configurable: true, writable: true })
  return error
}
