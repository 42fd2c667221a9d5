/** Makes the error of a call that failed. */
import { type CurfewError, callError, type ErrorCode, type Phase } from '../errors.ts'
import type { Call } from '../runtime/call.ts'
import { now } from '../runtime/clock.ts'

export interface Where {
  readonly module: string
  readonly function?: string
}

/** @param what what happened; for a stop it is made from the call's figures */
export function failedCall(call: Call, code: ErrorCode, what: string, where: Where, cause: unknown): CurfewError {
  const elapsed = Number.isNaN(call.began) ? 0 : now() - call.began
  const figures: Record<string, number> = { elapsed: rounded(elapsed), cpu: rounded(call.cpu) }
  if (Number.isFinite(call.budget.timeout)) figures.timeout = call.budget.timeout
  if (Number.isFinite(call.budget.cpuTimeout)) figures.cpuTimeout = call.budget.cpuTimeout
  const phase: Phase = call.stopped?.phase ?? call.phase
  const details = { ...where, phase, ran: call.ran, figures, ...(cause === undefined ? {} : { cause }) }
  return callError(code, what === '' ? stopText(code, call, phase, figures) : what, details)
}

function stopText(code: ErrorCode, call: Call, phase: Phase, { elapsed, cpu }: Record<string, number>): string {
  const while_ =
    phase === 'queued' ? 'while it waited' : phase === 'host' ? 'in a host function' : phase === 'suspended' ? 'between two slices' : `while ${phase}`
  const spent = `${while_}, ${elapsed} ms after it was made, having run for ${cpu} ms`
  switch (code) {
    case 'deadline':
      return `the call reached its deadline of ${call.budget.timeout} ms ${spent}`
    case 'start-timeout':
      return `it was not ready within \`startTimeout\` of ${call.budget.timeout} ms, having run for ${cpu} ms`
    case 'cpu-timeout':
      return `the guest ran for longer than ${call.budget.cpuTimeout} ms`
    case 'nested-timeout':
      return `the nested call reached its deadline of ${call.budget.timeout} ms`
    case 'lease-timeout':
      return `the lease was held past its ${call.budget.timeout} ms`
    case 'aborted':
      return `the call was aborted ${spent}`
    case 'closed':
      return `the module was closed ${spent}`
    default:
      return `the call was stopped (${code}) ${spent}`
  }
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
