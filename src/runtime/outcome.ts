/** Why a guest ended with an exception, from what the call knows and what was thrown. */
import { CallError, type ErrorCode, engineMessage, isOf, nameOf } from '../errors.ts'
import type { Call } from './call.ts'

export interface Failure {
  readonly code: ErrorCode
  /** What happened, for the message. */
  readonly what: string
  readonly cause: unknown
  /** Beside those of the call. */
  readonly figures?: Readonly<Record<string, number>>
}

/** What a step of an exchange threw: no guest can get hold of it, and throw it for something else. */
export class ExchangeFailure {
  readonly thrown: unknown

  constructor(thrown: unknown) {
    this.thrown = thrown
  }
}

export function failureOf(call: Call, error: unknown): Failure {
  if (call.stopped !== undefined) return { code: call.stopped.code, what: call.stopped.excess?.what ?? '', cause: call.stopped.cause }
  if (isOf(error, ExchangeFailure)) return failureOfExchange(call, error.thrown)
  if (call.thrown !== undefined && call.thrown.error === error) return { code: 'host-function', what: `a host function threw ${nameOf(error)}`, cause: error }
  if (isOf(error, RangeError) && /call stack/i.test(error.message)) {
    return { code: 'stack-overflow', what: 'the guest used up its stack', cause: error }
  }
  if (isOf(error, WebAssembly.RuntimeError)) return { code: 'trap', what: `the guest trapped: ${engineMessage(error)}`, cause: error }
  if (isOf(error, (WebAssembly as unknown as { Exception: new () => Error }).Exception))
    return { code: 'guest-exception', what: 'the guest threw an exception that it did not catch', cause: error }
  return { code: 'host-function', what: `an exception from outside the guest ended it: ${nameOf(error)}`, cause: error }
}

function failureOfExchange(call: Call, thrown: unknown): Failure {
  if (!isOf(thrown, CallError)) return failureOf(call, thrown)
  const { code, what, cause, figures } = thrown
  return { code, what, cause, figures }
}
