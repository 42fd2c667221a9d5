/** Makes the error of a call that failed. */
import { ALL_FUEL } from '../budget.ts'
import { CurfewError, callError, type ErrorCode, isOf, type Phase } from '../errors.ts'
import type { Call } from '../runtime/call.ts'
import { now } from '../runtime/clock.ts'

export interface Where {
  readonly module: string
  readonly function?: string | undefined
}

/**
 * @param what what happened; for a stop it is made from the call's figures
 * @param more figures beside those
 */
export function failedCall(call: Call, code: ErrorCode, what: string, where: Where, cause: unknown, more?: Readonly<Record<string, number>>): CurfewError {
  const elapsed = Number.isNaN(call.began) ? 0 : now() - call.began
  const figures: Record<string, number> = { elapsed: rounded(elapsed), cpu: rounded(call.cpu), ...call.stopped?.excess?.figures, ...more }
  // Under a lease, it may have been the lease's time that ran out
  const { timeout } = code === 'lease-timeout' || code === 'start-timeout' ? (call.lease ?? call).budget : call.budget
  if (Number.isFinite(timeout)) figures.timeout = timeout
  if (Number.isFinite(call.budget.cpuTimeout)) figures.cpuTimeout = call.budget.cpuTimeout
  if (call.portion !== undefined) {
    figures.fuelUsed = Number(call.portion.used)
    if (call.portion.given < ALL_FUEL) figures.fuel = Number(call.portion.given)
  }
  const phase: Phase = call.stopped?.phase ?? call.phase
  const details = { ...where, phase, ran: call.ran, figures, ...(cause === undefined ? {} : { cause }) }
  const nested = isOf(cause, CurfewError) ? `a call that a host function made back into the guest ended it: ${cause.what}` : undefined
  return callError(code, what === '' ? (nested ?? stopText(code, phase, figures)) : what, details)
}

function stopText(code: ErrorCode, phase: Phase, { elapsed, cpu, timeout, cpuTimeout, fuel }: Record<string, number>): string {
  const while_ =
    phase === 'queued' ? 'while it waited' : phase === 'host' ? 'in a host function' : phase === 'suspended' ? 'between two slices' : `while ${phase}`
  const spent = `${while_}, ${elapsed} ms after it was made, having run for ${cpu} ms`
  switch (code) {
    case 'deadline':
      return `the call reached its deadline of ${timeout} ms ${spent}`
    case 'start-timeout':
      return `it was not ready within \`startTimeout\` of ${timeout} ms, having run for ${cpu} ms`
    case 'cpu-timeout':
      return `the guest used up its CPU time of ${cpuTimeout} ms ${spent}`
    case 'out-of-fuel':
      return fuel === undefined ? `the guest ran code of a module whose own fuel was used up ${spent}` : `the guest used up its fuel of ${fuel} ${spent}`
    case 'out-of-memory':
      return `the guest could not grow a memory or table although its limit allows it, ${spent}`
    case 'stack-overflow':
      return 'the guest used up its stack'
    case 'nested-timeout':
      return `the nested call reached its deadline of ${timeout} ms`
    case 'lease-timeout':
      return `the lease was held past its ${timeout} ms`
    case 'aborted':
      return `the call was aborted ${spent}`
    case 'closed':
      return `the module was closed ${spent}`
    case 'stale':
      return `the lease ended ${spent}`
    default:
      return `the call was stopped ${spent}`
  }
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
