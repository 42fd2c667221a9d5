/** Reads the local declarations that a function body begins with. */

import { ENGINE_LIMITS } from './engine-limits.ts'
import type { ModuleInfo } from './module-info.ts'
import { invalid, Reader } from './reader.ts'
import { readValType } from './type-reader.ts'
import type { ValType } from './types.ts'

export interface LocalGroup {
  readonly count: number
  readonly type: ValType
}

export interface Locals {
  /** Runs of locals of one type, in order; empty ones are left out. */
  readonly groups: readonly LocalGroup[]
  /** How many locals are declared; parameters are not. */
  readonly total: number
  /** Where the body's instructions begin. */
  readonly codeStart: number
}

const NONE: readonly LocalGroup[] = Object.freeze([])

/** @param start where the body begins, after its size */
export function readLocals(module: ModuleInfo, start: number, end: number): Locals {
  if (start < end && module.bytes[start] === 0) return { groups: NONE, total: 0, codeStart: start + 1 }
  const reader = new Reader(module.bytes, start, end)
  const runs = reader.count('groups of locals', 2)
  const groups: LocalGroup[] = []
  let total = 0
  for (let run = 0; run < runs; run++) {
    const at = reader.offset
    const count = reader.u32('a number of locals')
    const type = readValType(reader, module.types.length)
    total += count
    if (total > ENGINE_LIMITS.locals) throw invalid(`a function has more than ${ENGINE_LIMITS.locals} locals`, at, { limit: ENGINE_LIMITS.locals })
    if (count > 0) groups.push({ count, type })
  }
  return { groups, total, codeStart: reader.offset }
}
