/** What is not guarded but refused: features whose memory no limit can see, and modules that cost too much to load. */
import { LoadError, quote } from '../errors.ts'
import type { Caps } from '../limits.ts'
import type { ModuleInfo } from '../wasm/module.ts'
import type { FuncType, TypeDef, ValType } from '../wasm/types.ts'

/** Refusals that `guard` can be told to leave out, by who bounds those things by other means. */
export type Refusal = 'gc' | 'exnref' | 'tags' | 'shared-memory'

export function refuseFeatures(module: ModuleInfo, allowed: ReadonlySet<Refusal>, caps: Caps): void {
  if (!allowed.has('gc')) refuseHeapTypes(module)
  if (!allowed.has('exnref')) refuseStoredExceptions(module)
  if (!allowed.has('tags')) refuseTags(module, caps)
  if (!allowed.has('shared-memory')) refuseShared(module)
}

function refused(what: string, why: string, offset?: number): LoadError {
  return new LoadError('unsupported-feature', `the module ${what}, ${why}`, { offset })
}

/** Structs and arrays live on the JS heap: one huge `array.new` aborts the whole process. */
function refuseHeapTypes(module: ModuleInfo): void {
  for (const [index, type] of module.types.entries()) {
    if (type.kind !== 'func') throw refused(`defines ${type.kind} type ${index} (garbage-collected objects)`, 'whose memory no limit can bound')
  }
}

/** An exception that can be kept is an allocation on the JS heap that can be kept; the operand stack alone is bounded by itself. */
function refuseStoredExceptions(module: ModuleInfo): void {
  const why = 'where it outlives its catch, in memory that no limit can bound'
  for (const [index, typeIndex] of module.functions.entries()) {
    const type = module.types[typeIndex]
    if (type?.kind === 'func' && passesException(type.type)) throw refused(`passes an exnref to or from function ${index}`, why)
  }
  if (module.globals.some((global) => isException(global.type))) throw refused('keeps an exnref in a global', why)
  if (module.tables.some((table) => isException(table.element))) throw refused('keeps exnrefs in a table', why)
}

/** For the locals of each function, as they are read. */
export function refuseExceptionLocal(type: ValType, offset: number): void {
  if (isException(type)) throw refused('keeps an exnref in a local variable', 'where it outlives its catch, in memory that no limit can bound', offset)
}

function passesException({ params, results }: FuncType): boolean {
  return params.some(isException) || results.some(isException)
}

function isException(type: ValType): boolean {
  return typeof type === 'object' && (type.heap === 'exn' || type.heap === 'noexn')
}

function refuseTags(module: ModuleInfo, caps: Caps): void {
  for (const imported of module.imports) {
    if (imported.kind === 'tag') throw refused(`imports the tag ${quote(imported.name)}`, 'through which it could throw into others', imported.offset)
  }
  for (const [index, { typeIndex }] of module.tags.entries()) {
    const type = module.types[typeIndex]
    if (type?.kind !== 'func') continue
    const { params } = type.type
    if (params.length > caps.tagValues) {
      throw new LoadError('limit-exceeded', `tag ${index} has ${params.length} values, above \`caps.tagValues\` of ${caps.tagValues}`, {
        figures: { found: params.length, limit: caps.tagValues },
      })
    }
    if (params.some((param) => typeof param === 'object'))
      throw refused(`gives tag ${index} a reference`, 'so that exceptions could be chained in memory that no limit can bound')
  }
}

function refuseShared(module: ModuleInfo): void {
  if (module.memories.some((memory) => memory.limits.shared)) throw refused('has a shared memory', 'on which `memory.atomic.wait` blocks the thread')
}

/** @throws LoadError `limit-exceeded` for what would hold the calling thread at every instantiation */
export function refuseCostly(module: ModuleInfo, caps: Caps): void {
  const active = module.elements.filter((segment) => segment.mode === 'active')
  const tableElements = module.tables.reduce((sum, table) => sum + Number(table.limits.minimum), 0)
  const counts: readonly (readonly [cap: keyof Caps, found: number, what: string])[] = [
    ['types', module.types.reduce(withValues, 0), 'types, parameters and results'],
    ['imports', module.imports.length, 'imports'],
    ['exports', module.exports.length, 'exports'],
    ['globals', module.globals.length, 'globals'],
    ['tables', module.tables.length, 'tables'],
    ['memories', module.memories.length, 'memories'],
    ['tableElements', tableElements, 'table elements at the start'],
    ['tableElements', active.reduce((sum, segment) => sum + segment.count, 0), 'entries of active element segments'],
    ['activeData', module.data.reduce((sum, segment) => sum + (segment.mode === 'active' ? segment.size : 0), 0), 'bytes of active data segments'],
  ]
  for (const [cap, found, what] of counts) {
    if (found > caps[cap])
      throw new LoadError('limit-exceeded', `the module has ${found} ${what}, above \`caps.${cap}\` of ${caps[cap]}`, { figures: { found, limit: caps[cap] } })
  }
}

function withValues(sum: number, type: TypeDef): number {
  return sum + 1 + (type.kind === 'func' ? type.type.params.length + type.type.results.length : 0)
}
