/** Errors of calls and loads on their way between threads: structured cloning would take their class and fields. */
import { type CurfewError, callError, type ErrorCode, type ErrorDetails, LoadError, type Phase } from '../errors.ts'
import type { Sent } from './crossing.ts'

export interface SentFailure {
  readonly code: ErrorCode
  readonly isLoad: boolean
  readonly what: string
  readonly module: string | undefined
  readonly function: string | undefined
  readonly phase: Phase | undefined
  readonly ran: boolean
  readonly figures: Readonly<Record<string, number>>
  readonly offset: number | undefined
  /** Absent if there is none. */
  readonly cause?: Sent
}

export function sentFailure(error: CurfewError, send: (cause: unknown) => Sent): SentFailure {
  const { code, what, module, phase, ran, figures, offset } = error
  const cause = 'cause' in error ? { cause: send(error.cause) } : {}
  return { code, isLoad: error instanceof LoadError, what, module, function: error.function, phase, ran, figures, offset, ...cause }
}

export function failureFrom(sent: SentFailure, receive: (cause: Sent) => unknown): CurfewError {
  const { code, isLoad, what, cause, ...where } = sent
  const details: ErrorDetails = 'cause' in sent ? { ...where, cause: receive(cause) } : where
  return isLoad ? new LoadError(code, what, details) : callError(code, what, details)
}
