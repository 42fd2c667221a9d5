/** What the side that drives a guarded module does with each of the exports that the guard has added. See `src/abi.ts`. */
import { type Abi, EXHAUSTED, FULL_DEPTH, MAX_CREDIT, UNITS_PER_MS } from '../abi.ts'
import { formatCount } from './units.ts'

export interface DriverStep {
  readonly export: string
  readonly type: string
  /** What to do with it, one line for each of its parts. */
  readonly todo: readonly string[]
}

const NANOSECONDS = 1_000_000
const UNIT = `1/${UNITS_PER_MS / NANOSECONDS} ns`

const POLL = `slot 0: the poll, () -> i32. It answers 1 to ${formatCount(MAX_CREDIT)} units of ${UNIT} to go on, 0 to stop`
const EXHAUSTED_HOOK = `slot 1: (i32) -> i32, told what ran out: ${EXHAUSTED.fuel} fuel, ${EXHAUSTED.depth} stack, ${EXHAUSTED.memory} memory. It answers 0 to stop, 1 to go on`

/** In the order in which a driver comes to them. @param own names that the module itself exports, which the guard has added nothing to */
export function driverSteps({ counter, hooks, fuel, depth, start, memories = [], tables = [] }: Abi, own: ReadonlySet<string>): DriverStep[] {
  const steps: [name: string | undefined, type: string, ...todo: string[]][] = [
    [hooks, 'table', POLL, ...(fuel === undefined ? [] : [EXHAUSTED_HOOK])],
    [counter, 'mut i32', 'the credit that is left; set it to 0 before a call, to be polled at its first check'],
    [fuel, 'mut i64', 'the fuel that is left; set it before a call. Below 0 after it, the call ran out of fuel'],
    [depth, 'mut i32', `the stack that is left; set it to ${formatCount(FULL_DEPTH)} before a call that is not made from inside another`],
    [start, 'function', 'the start function; call it once, when all of the above is in place'],
    ...memories
      .filter((name) => !own.has(name))
      .map((name): [string, string, string] => [name, 'memory', 'a memory that the module does not export itself, for who limits them together']),
    ...tables.filter((name) => !own.has(name)).map((name): [string, string, string] => [name, 'table', 'a table that it does not export itself, likewise']),
  ]
  return steps.flatMap(([name, type, ...todo]) => (name === undefined ? [] : [{ export: name, type, todo }]))
}
