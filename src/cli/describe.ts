/** What `curfew inspect` tells of a module, as data: what `--json` prints. */
import type { GuardReport } from '../guard/index.ts'
import { type Extern, externsOf, type ImportedExtern } from '../guests/signature.ts'
import type { ExternKind, ModuleInfo, Section } from '../wasm/module.ts'
import { moduleType } from '../wasm/module-type.ts'
import { formatValType, type Limits } from '../wasm/types.ts'

/** A memory or table. */
export interface Space {
  readonly index: number
  readonly imported: boolean
  /** Names that it is exported under. */
  readonly exports: readonly string[]
  /** Pages of 64 KiB, or elements. */
  readonly minimum: bigint
  /** What the module declares; null if nothing. */
  readonly maximum: bigint | null
  /** How far it can grow once guarded; null if the guard refuses the module. */
  readonly guardedMaximum: bigint | null
  readonly address: 'i32' | 'i64'
  readonly shared: boolean
}

export interface TableSpace extends Space {
  readonly element: string
}

export interface SectionSize {
  readonly name: string
  /** Its header included. */
  readonly size: number
}

export interface GuardSummary {
  /** Checks in all, and by what they are for. */
  readonly total: number
  readonly checks: GuardReport['checks']
  readonly guardedSize: number
  /** The limit, in bytes, that memories were lowered to. */
  readonly memoryLimit: number
}

export interface Description {
  readonly module: string
  readonly size: number
  readonly functions: { readonly imported: number; readonly defined: number }
  /** Does it have a start function, which runs when it is loaded? */
  readonly start: boolean
  readonly exports: readonly Extern[]
  readonly imports: readonly ImportedExtern[]
  readonly memories: readonly Space[]
  readonly tables: readonly TableSpace[]
  readonly sections: readonly SectionSize[]
  /** Null if the guard refuses the module. */
  readonly guard: GuardSummary | null
}

export function describe(file: string, module: ModuleInfo, report: GuardReport | undefined, memoryLimit: number): Description {
  const { importedFunctions, functions, memories, tables } = module
  const [memoryExports, tableExports] = [exportsByIndex(module, 'memory'), exportsByIndex(module, 'table')]
  return {
    module: file,
    size: module.bytes.length,
    functions: { imported: importedFunctions, defined: functions.length - importedFunctions },
    start: module.start !== undefined,
    ...externsOf(moduleType(module)),
    memories: memories.map(({ limits }, index) =>
      space(limits, index, index < module.importedMemories, memoryExports.get(index), report?.maxima.memories[index]),
    ),
    tables: tables.map(({ limits, element }, index) => ({
      ...space(limits, index, index < module.importedTables, tableExports.get(index), report?.maxima.tables[index]),
      element: formatValType(element),
    })),
    sections: module.sections.map((section, at) => ({
      name: sectionName(section),
      size: (module.sections[at + 1]?.start ?? module.bytes.length) - section.start,
    })),
    guard: report === undefined ? null : summarise(report, memoryLimit),
  }
}

function space({ minimum, maximum, address, shared }: Limits, index: number, imported: boolean, names: readonly string[] = [], guarded?: bigint): Space {
  return { index, imported, exports: names, minimum, maximum: maximum ?? null, guardedMaximum: guarded ?? null, address, shared }
}

function exportsByIndex(module: ModuleInfo, kind: ExternKind): Map<number, string[]> {
  const names = new Map<number, string[]>()
  for (const entry of module.exports) if (entry.kind === kind) names.set(entry.index, [...(names.get(entry.index) ?? []), entry.name])
  return names
}

/** By id. */
const SECTION_NAMES = ['', 'type', 'import', 'function', 'table', 'memory', 'global', 'export', 'start', 'element', 'code', 'data', 'data count', 'tag']

function sectionName({ id, name }: Section): string {
  return name === undefined ? (SECTION_NAMES[id] ?? `section ${id}`) : `custom ${name}`
}

function summarise({ checks, guardedSize }: GuardReport, memoryLimit: number): GuardSummary {
  const total = Object.values(checks).reduce((sum: number, count: number) => sum + count, 0)
  return { total, checks, guardedSize, memoryLimit }
}
