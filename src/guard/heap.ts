/**
 * What V8 may come to keep on the JavaScript heap for an instance, in bytes, as far as a module can make it large: no limit on memory or tables sees that,
 * and the process is aborted when the heap is full. The most that was measured on Node 22, 24 and 26. See decision: C066
 */
import { DECLARED, type ModuleInfo } from '../wasm/module.ts'

/** What is noted of a call, to inline whom it calls. From V8 13 on; of all calls of a function once that runs. */
const CALL = 16
/** And of one through a table or reference once it has called four functions. */
const INDIRECT_CALL = 80
const FUNCTION = 16
/** Made when the first reference to a function is taken. */
const REFERENCE = 72
/** An exported function is an object of JavaScript too. */
const EXPORT = 304
/** With what the host makes for each. */
const IMPORT = 1_088
/** Of a passive segment, once something of it is used. */
const ELEMENT = 8

/** Calls in the code of all functions, those of checks and helpers included, and how many of them go through a table or reference. */
export interface CallCounts {
  readonly calls: number
  readonly indirectCalls: number
}

export const NO_CALLS: CallCounts = { calls: 0, indirectCalls: 0 }

export function heapOf({ functions, declaredFunctions, exports, imports, elements }: ModuleInfo, { calls, indirectCalls }: CallCounts): number {
  const references = declaredFunctions.reduce((sum, bits) => sum + ((bits & (DECLARED.exported | DECLARED.referred)) === 0 ? 0 : 1), 0)
  const passive = elements.reduce((sum, { mode, count }) => sum + (mode === 'passive' ? count : 0), 0)
  return (
    calls * CALL +
    indirectCalls * INDIRECT_CALL +
    functions.length * FUNCTION +
    references * REFERENCE +
    exports.length * EXPORT +
    imports.length * IMPORT +
    passive * ELEMENT
  )
}
