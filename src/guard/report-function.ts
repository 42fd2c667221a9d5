import type { ModuleInfo } from '../wasm/module.ts'
import { EVENT } from './events.ts'
import type { Outline } from './outline.ts'
import type { Checks, FunctionReport } from './report.ts'

/** @param at the function's body */
export function functionReport(
  module: ModuleInfo,
  outline: Outline,
  fuel: Float64Array | undefined,
  at: number,
  guardedSize: number,
  checks: Checks,
): FunctionReport {
  const { charges, befores, targets, kinds } = outline.events
  const first = outline.firstEvent[at] as number
  const end = outline.firstEvent[at + 1] as number
  let heaviest = 0
  let burns = 0
  for (let event = first; event < end; event++) {
    if (kinds[event] !== EVENT.jump || (targets[event] as number) >= 0) heaviest = Math.max(heaviest, charges[event] as number, befores.get(event) ?? 0)
    if (fuel !== undefined && fuel[event] !== 0) burns++
  }
  return {
    index: module.importedFunctions + at,
    size: (module.bodyEnds[at] as number) - (module.bodyStarts[at] as number),
    guardedSize,
    checks,
    heaviest,
    isFree: (charges[first] as number) === 0,
    fuel: burns,
  }
}
