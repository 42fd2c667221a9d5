/** Does a guest that is told to stop stop, whatever it does: at once, with a trap, without calling the host or asking again? */
import type { Plan } from '../harness/plan.ts'
import { run } from '../harness/run.ts'
import type { Session, Subject } from '../harness/session.ts'
import type { Failure } from './failure.ts'

/**
 * @param allowed how many polls are answered with "go on"
 * @param polls how many it had when nobody stopped it
 */
export function stops(plan: Plan, subject: Subject, steps: readonly number[], allowed: number, polls: number): Omit<Failure, 'variant'> | undefined {
  const { session } = run(plan, subject, allowed, steps)
  const told = `told to stop at poll ${allowed + 1} of ${polls}`
  if (session.incomparable !== 'stopped') {
    // A stack that overflows at another depth than before says nothing
    if (session.incomparable !== undefined) return undefined
    return { kind: 'is not stopped', details: [told, `but it had only ${session.polls} polls this time`, ...last(session)] }
  }
  return wrongStop(session, told)
}

/** What is wrong about how a session took being stopped. */
export function wrongStop(session: Session, told: string): Omit<Failure, 'variant'> | undefined {
  if (session.incomparable !== 'stopped') return undefined
  if (session.afterStop.length > 0)
    return { kind: 'goes on after a stop', details: [told, ...session.afterStop.map((what) => `then: ${what}`), ...last(session)] }
  if (!session.trace.at(-1)?.endsWith(': trap: unreachable'))
    return { kind: 'is not stopped', details: [told, 'but it does not end with that trap', ...last(session)] }
  return undefined
}

function last(session: Session): string[] {
  return session.trace.slice(-4)
}
