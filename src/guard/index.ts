/**
 * `curfew/guard`: the guard on its own, for who instantiates WebAssembly by other means. See docs/guard.md.
 */
export {
  ABI_SECTION,
  type Abi,
  type Attached,
  attachHook,
  EXHAUSTED,
  FULL_DEPTH,
  type Hook,
  type Hooks,
  MAX_CREDIT,
  makeHook,
  STOP,
  UNITS_PER_MS,
  YIELD,
} from '../abi.ts'
export { LoadError } from '../errors.ts'
export { CAPS, type Caps } from '../limits.ts'
export { DEFAULT_FUEL_COSTS, type FuelCostTable } from './fuel-costs.ts'
export { type Guarded, type GuardOptions, guard } from './guard.ts'
export type { Checks, FunctionReport, GuardReport } from './report.ts'
