/** The maxima of memories and tables, lowered so that the sum of what they may grow to stays within the limits. */
import { LoadError } from '../errors.ts'
import type { GrowthLimits } from '../limits.ts'
import type { ModuleInfo } from '../wasm/module.ts'
import type { Limits } from '../wasm/types.ts'

const PAGE = 65_536
/** The most that a maximum may say, by what indexes the memory or table: the spec's, but V8's for 64-bit memories. */
const PAGES = { i32: 65_536n, i64: 262_144n } as const
const ELEMENTS = { i32: (1n << 32n) - 1n, i64: (1n << 64n) - 1n } as const

export interface Maxima {
  /** Pages of each memory, elements of each table, in the order of their index spaces. */
  readonly memories: readonly bigint[]
  readonly tables: readonly bigint[]
}

/** @throws LoadError `limit-exceeded` if what the module declares as its minimum is above a limit already */
export function lowerMaxima(module: ModuleInfo, limits: GrowthLimits): Maxima {
  const memories = module.memories.map((memory) => memory.limits)
  const tables = module.tables.map((table) => table.limits)
  return {
    memories: share(memories, limits.memoryLimit, PAGES, PAGE, 'memories', 'memoryLimit', 'bytes'),
    tables: share(tables, limits.tableLimit, ELEMENTS, 1, 'tables', 'tableLimit', 'elements'),
  }
}

/** Gives each the same room to grow, and what one cannot use to the others. */
function share(
  declared: readonly Limits[],
  limit: number,
  range: typeof PAGES | typeof ELEMENTS,
  unit: number,
  what: string,
  option: string,
  units: string,
): bigint[] {
  const minimum = declared.reduce((sum, each) => sum + each.minimum, 0n)
  const allowed = BigInt(Math.floor(limit / unit))
  if (minimum > allowed) {
    const needed = Number(minimum) * unit
    throw new LoadError('limit-exceeded', `the module's ${what} start with ${needed} ${units}, above \`${option}\` of ${limit}`, { figures: { needed, limit } })
  }
  let room = allowed - minimum
  const maxima = declared.map((each) => each.minimum)
  const byNeed = declared
    .map((each, index) => ({ index, need: least(each.maximum ?? range[each.address], range[each.address]) - each.minimum }))
    .sort((a, b) => (a.need < b.need ? -1 : 1))
  for (const [done, { index, need }] of byNeed.entries()) {
    const fair = room / BigInt(byNeed.length - done)
    const given = least(need, fair)
    maxima[index] = (maxima[index] as bigint) + given
    room -= given
  }
  return maxima
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}
