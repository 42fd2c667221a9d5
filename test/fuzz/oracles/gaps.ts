/** Is all that a guarded module does paid for by its checks, and the work between two polls bounded? Asks the oracle of the guard's own tests. */

import type { Guarded } from '../../../src/guard/guard.ts'
import { Meter } from '../../guard/bound-meter.ts'
import { instrument } from '../../guard/oracle.ts'
import type { Plan } from '../harness/plan.ts'
import { type Attach, Session, type Subject } from '../harness/session.ts'
import type { Failure } from './failure.ts'

/** @param patience how many polls it may have */
export function boundedGaps(plan: Plan, guarded: Guarded, attach: Attach, patience: number): Omit<Failure, 'variant'> | undefined {
  // Of a module without code there is nothing to count
  if (guarded.abi.counter === undefined) return undefined
  const instrumented = instrument(guarded)
  let meter: Meter | undefined
  const subject: Subject = {
    module: new WebAssembly.Module(instrumented.bytes),
    attach: (instance, goOn) => {
      meter = new Meter(instrumented, instance)
      return attach(instance, (credit) => {
        const isOn = goOn(credit)
        meter?.poll(isOn ? credit : 0)
        return isOn
      })
    },
    enter: () => meter?.enter(),
  }
  const session = new Session(plan, subject, patience)
  if (session.start()) {
    for (const step of plan.steps) {
      session.do(step)
      meter?.look()
      if (session.incomparable !== undefined || meter?.wrong !== undefined) break
    }
  }
  if (meter?.wrong === undefined) return undefined
  return { kind: 'works on without asking', details: [meter.wrong, ...session.trace.slice(-6)] }
}
