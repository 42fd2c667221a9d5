/**
 * Does a guarded module do what it does as it is?
 *
 * The guarded one runs first, with a poll that stops it after so many polls: that is what makes an endless module end. Steps that
 * were stopped, or ran out of stack (guarded frames are larger) or memory, are left out, and all is done again without them. What then ends by
 * itself must end by itself raw, and so the raw one needs no limit; if it runs away nevertheless, whoever watches this process notices.
 */
import type { Plan } from '../harness/plan.ts'
import { run } from '../harness/run.ts'
import type { Incomparable, Session, Subject } from '../harness/session.ts'
import { difference } from '../harness/state.ts'
import type { Failure } from './failure.ts'
import { wrongStop } from './stops.ts'

export interface Comparison {
  readonly failure: Omit<Failure, 'variant'> | undefined
  /** Steps that were left out, by why. */
  readonly left: readonly Incomparable[]
  /** Indices of the steps that were compared; undefined if not even the instantiation was. */
  readonly steps: readonly number[] | undefined
  /** The guarded session that was compared. */
  readonly guarded: Session
}

const MOST_ATTEMPTS = 4
const LINES_BEFORE = 6

export function same(plan: Plan, raw: Subject, guarded: Subject, patience: number, phase: (name: string) => void): Comparison {
  phase('running guarded')
  const { session, steps, left, failure } = settle(plan, guarded, patience)
  if (steps === undefined || failure !== undefined) return { failure, left, steps: undefined, guarded: session }
  phase('running raw')
  const other = run(plan, raw, Number.POSITIVE_INFINITY, steps)
  if (other.session.incomparable !== undefined) {
    return { failure: undefined, left: [...left, other.session.incomparable], steps: undefined, guarded: session }
  }
  return { failure: compare(plan, other.session, session), left, steps, guarded: session }
}

interface Settled {
  readonly session: Session
  readonly steps: readonly number[] | undefined
  readonly left: readonly Incomparable[]
  /** Of a step that was stopped, and did not take it as it should. */
  readonly failure?: Omit<Failure, 'variant'>
}

/** Finds the steps that can be compared, and a session in which they and nothing else were done. */
function settle(plan: Plan, subject: Subject, patience: number): Settled {
  const left: Incomparable[] = []
  let steps: readonly number[] = plan.steps.map((_, index) => index)
  for (let attempt = 1; ; attempt++) {
    const { session, failedAt } = run(plan, subject, patience, steps)
    if (session.incomparable === undefined) return { session, steps, left }
    left.push(session.incomparable)
    const failure = wrongStop(session, `told to stop at poll ${session.polls}`)
    if (failure !== undefined) return { session, steps: undefined, left, failure }
    if (failedAt === undefined) return { session, steps: undefined, left }
    steps = attempt < MOST_ATTEMPTS ? steps.filter((step) => step !== failedAt) : steps.slice(0, steps.indexOf(failedAt))
  }
}

function compare(plan: Plan, raw: Session, guarded: Session): Omit<Failure, 'variant'> | undefined {
  const length = Math.max(raw.trace.length, guarded.trace.length)
  for (let at = 0; at < length; at++) {
    if (raw.trace[at] === guarded.trace[at]) continue
    const before = raw.trace.slice(Math.max(0, at - LINES_BEFORE), at).map((line) => `both:    ${line}`)
    return { kind: 'behaves differently', details: [...before, `raw:     ${raw.trace[at] ?? '(nothing)'}`, `guarded: ${guarded.trace[at] ?? '(nothing)'}`] }
  }
  const found = difference(plan, raw, guarded)
  return found === undefined ? undefined : { kind: 'ends in another state', details: [found, ...raw.trace.slice(-LINES_BEFORE).map((line) => `both: ${line}`)] }
}
