/**
 * Is the same fuel used, and does it run out at the same place, however often the guest is asked, and is the same used when it is to be
 * deterministic? Each step begins with the same budget, and so ends by itself.
 */
import { attachHook, EXHAUSTED, FULL_DEPTH, MAX_CREDIT, makeHook } from '../../../src/abi.ts'
import { LoadError } from '../../../src/errors.ts'
import { type Guarded, guard } from '../../../src/guard/guard.ts'
import type { Plan } from '../harness/plan.ts'
import { Session, type Subject } from '../harness/session.ts'
import { difference } from '../harness/state.ts'
import { mix, Random } from '../random.ts'
import type { Failure } from './failure.ts'
import { OPEN } from './variants.ts'

const BUDGETS = [300, 5_000, 80_000, 1_000_000]

interface Run {
  readonly session: Session
  /** By step: what was left when it ended. */
  readonly left: readonly bigint[]
  /** What ran out, of `EXHAUSTED`. */
  readonly out: ReadonlySet<number>
}

export function sameFuel(plan: Plan, bytes: Uint8Array, seed: number): Omit<Failure, 'variant'> | undefined {
  const random = new Random(mix(seed, 7))
  const budget = BigInt(1 + random.below(random.pick(BUDGETS)))
  const plain = guard(bytes, { ...OPEN, fuel: true })
  if (plain.abi.fuel === undefined) return undefined
  const whole = run(plan, plain, budget, () => MAX_CREDIT)
  const some = () => random.pick([1, 1, 100, 5_000])
  const found = differ(plan, budget, 'sliced', whole, run(plan, plain, budget, some))
  if (found !== undefined) return found
  const deterministic = tryGuard(bytes)
  if (deterministic === undefined) return undefined
  const other = run(plan, deterministic, budget, () => MAX_CREDIT)
  const again = differ(plan, budget, 'deterministic, sliced', other, run(plan, deterministic, budget, some))
  if (again !== undefined) return again
  // Seeing to NaNs weighs something, so checks, where fuel runs out, may stand elsewhere
  if (whole.out.has(EXHAUSTED.fuel) || other.out.has(EXHAUSTED.fuel)) return undefined
  // Where a NaN of other bits was seen, other things may have been done
  const isSame = difference(plan, whole.session, other.session) === undefined && whole.session.trace.join() === other.session.trace.join()
  return isSame ? differ(plan, budget, 'deterministic', whole, other) : undefined
}

function tryGuard(bytes: Uint8Array): Guarded | undefined {
  try {
    return guard(bytes, { ...OPEN, deterministic: true })
  } catch (error) {
    if (error instanceof LoadError && error.code === 'unsupported-feature') return undefined
    throw error
  }
}

function run(plan: Plan, { bytes, abi }: Guarded, budget: bigint, grant: () => number): Run {
  const out = new Set<number>()
  let fill: (() => void) | undefined
  const exhausted = (reason: number) => {
    out.add(reason)
    return 0
  }
  const left: bigint[] = []
  let fuel: WebAssembly.Global<'i64'> | undefined
  const subject: Subject = {
    module: new WebAssembly.Module(bytes),
    attach: (instance, goOn) => {
      const attached = attachHook(instance, abi, makeHook({ poll: () => (goOn(1) ? grant() : 0), exhausted }))
      fuel = attached.fuel
      fill = () => {
        if (attached.fuel !== undefined) attached.fuel.value = budget
        if (attached.depth !== undefined) attached.depth.value = FULL_DEPTH
      }
      return attached.start
    },
    enter: (isNested) => {
      if (!isNested) fill?.()
    },
  }
  const session = new Session(plan, subject, Number.POSITIVE_INFINITY)
  if (session.start()) {
    for (const step of plan.steps) {
      session.do(step)
      left.push(fuel?.value ?? 0n)
      if (session.incomparable !== undefined) break
    }
  }
  return { session, left, out }
}

function differ(plan: Plan, budget: bigint, how: string, a: Run, b: Run): Omit<Failure, 'variant'> | undefined {
  // Memory that cannot grow is a matter of the machine
  if (a.out.has(EXHAUSTED.memory) || b.out.has(EXHAUSTED.memory) || a.session.incomparable !== undefined || b.session.incomparable !== undefined)
    return undefined
  const lines = a.session.trace
  const at = lines.findIndex((line, index) => line !== b.session.trace[index])
  if (at >= 0)
    return {
      kind: 'behaves differently',
      details: [`of ${budget} fuel`, ...lines.slice(Math.max(0, at - 4), at), `whole:  ${lines[at]}`, `${how}: ${b.session.trace[at] ?? '(nothing)'}`],
    }
  const step = a.left.findIndex((each, index) => each !== b.left[index])
  if (step >= 0)
    return { kind: 'uses other fuel', details: [`of ${budget} fuel, step ${step} leaves ${a.left[step]}, but ${how} ${b.left[step]}`, ...lines.slice(-4)] }
  const found = difference(plan, a.session, b.session)
  return found === undefined ? undefined : { kind: 'ends in another state', details: [`of ${budget} fuel, whole and ${how}`, found] }
}
