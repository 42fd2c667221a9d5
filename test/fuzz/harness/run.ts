import type { Plan } from './plan.ts'
import { Session, type Subject } from './session.ts'

/** Does the steps until something cannot be compared. `failedAt` is the step where that was, undefined for the instantiation. */
export function run(plan: Plan, subject: Subject, patience: number, steps: readonly number[]): { session: Session; failedAt: number | undefined } {
  const session = new Session(plan, subject, patience)
  if (!session.start()) return { session, failedAt: undefined }
  for (const index of steps) {
    session.do(plan.steps[index] as Plan['steps'][number])
    if (session.incomparable !== undefined) return { session, failedAt: index }
  }
  return { session, failedAt: undefined }
}
