/**
 * `curfew/guard`: the guard on its own, for who instantiates WebAssembly by other means. See docs/guard.md.
 */
export { ABI_SECTION, type Abi, type Attached, attachHook, type Hook, type Hooks, MAX_CREDIT, makeHook, STOP, UNITS_PER_MS, YIELD } from '../abi.ts'
export { LoadError } from '../errors.ts'
export { CAPS, type Caps } from '../limits.ts'
export { type Guarded, type GuardOptions, type GuardReport, guard } from './guard.ts'
