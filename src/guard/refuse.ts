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

const EXPORT = 7

/** Of 32 bits. */
const WORDS = { i64: 2, f64: 2, v128: 4 } as const

function refuseTags(module: ModuleInfo, caps: Caps): void {
  for (const imported of module.imports) {
    if (imported.kind === 'tag') throw refused(`imports the tag ${quote(imported.name)}`, 'through which it could throw into others', imported.offset)
  }
  for (const [index, { typeIndex }] of module.tags.entries()) {
    const type = module.types[typeIndex]
    if (type?.kind !== 'func') continue
    const { params } = type.type
    const words = params.reduce((sum, param) => sum + (WORDS[param as keyof typeof WORDS] ?? 1), 0)
    if (words > caps.tagValues) {
      throw new LoadError('limit-exceeded', `tag ${index} has values of ${words} words, above \`caps.tagValues\` of ${caps.tagValues}`, {
        figures: { found: words, limit: caps.tagValues },
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
  // V8 makes a table of a passive segment when a `table.init` first takes anything of it
  const segments = module.elements.filter((segment) => segment.mode !== 'declarative')
  const tableElements = module.tables.reduce((sum, table) => sum + Number(table.limits.minimum), 0)
  const counts: readonly (readonly [cap: keyof Caps, found: number, what: string])[] = [
    ['types', module.types.reduce(withValues, 0), 'types, parameters and results'],
    ['imports', module.imports.length, 'imports'],
    ['exports', module.exports.length, 'exports'],
    ['exportNames', nameBytes(module), 'bytes of names of exports'],
    ['globals', module.globals.length, 'globals'],
    ['functions', module.functions.length, 'functions'],
    ['tables', module.tables.length, 'tables'],
    ['memories', module.memories.length, 'memories'],
    ['tags', module.tags.length, 'tags'],
    ['elementSegments', module.elements.length, 'element segments'],
    ['initialisers', initialiserBytes(module), 'bytes of initialisers that are more than a constant'],
    ['tableElements', tableElements, 'table elements at the start'],
    ['tableElements', segments.reduce((sum, segment) => sum + segment.count, 0), 'entries of element segments'],
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

/** With what stands beside each: the kind and the index. */
function nameBytes({ sections }: ModuleInfo): number {
  const section = sections.find(({ id }) => id === EXPORT)
  return section === undefined ? 0 : section.end - section.payload
}

/** An entry of an element segment may have an initialiser of its own. */
const PER_ENTRY = 16

function initialiserBytes({ globalInitialisers, tableInitialisers, elements, data }: ModuleInfo): number {
  const offsets = [...elements, ...data].map(({ address }) => address)
  let bytes = 0
  for (const each of [...globalInitialisers, ...tableInitialisers, ...offsets])
    if (each !== undefined && each.value === undefined) bytes += each.end - each.start
  for (const { offset, end, count } of elements) bytes += Math.max(0, end - offset - PER_ENTRY * (count + 1))
  return bytes
}
