/**
 * What a module asks for and offers, with the types, and nothing of how it works: its type, in the words of the spec
 * (https://webassembly.github.io/spec/core/valid/modules.html). Plain data, that can be sent to another thread.
 */
import { type ExternKind, functionType, type ModuleInfo } from './module-info.ts'
import { type FuncType, formatFuncType, type GlobalType, type MemoryType, type TableType, type ValType } from './types.ts'

export type ExternType =
  | { readonly kind: 'function' | 'tag'; readonly type: FuncType }
  | { readonly kind: 'table'; readonly type: TableType }
  | { readonly kind: 'memory'; readonly type: MemoryType }
  | { readonly kind: 'global'; readonly type: GlobalType }

export type ExportType = { readonly name: string } & ExternType
export type ImportType = {
  readonly module: string
  /** Only of a function: can no other module write down its type, because that is not final, has a group with others, or names types of this module? */
  readonly ownType?: true
} & ExportType

/** The types of a module's functions, in a form of which only few are objects. */
export interface FunctionTypes {
  /** By type index; undefined for a type of something else. */
  readonly types: readonly (FuncType | undefined)[]
  /** By function: index of its type. */
  readonly typeIndices: Uint32Array
}

export interface ModuleType {
  readonly imports: readonly ImportType[]
  readonly exports: readonly ExportType[]
  /** Of a module that has exports which return functions, any of its own. */
  readonly functions: FunctionTypes | undefined
}

export function moduleType(module: ModuleInfo): ModuleType {
  const imports = module.imports.map(({ module: from, name, kind, index }) => {
    const wanted = { module: from, name, ...externType(module, kind, index) }
    return kind === 'function' && isOwn(module, index) ? { ...wanted, ownType: true as const } : wanted
  })
  const exports = module.exports.map(({ name, kind, index }) => ({ name, ...externType(module, kind, index) }))
  const returns = exports.some((each) => each.kind === 'function' && each.type.results.some((type) => typeof type === 'object'))
  return { imports, exports, functions: returns ? functionTypes(module) : undefined }
}

function externType(module: ModuleInfo, kind: ExternKind, index: number): ExternType {
  switch (kind) {
    case 'function':
      return { kind, type: common(functionType(module, index)) }
    case 'tag':
      return { kind, type: typeOf(module, module.tags[index]?.typeIndex) ?? { params: [], results: [] } }
    case 'table':
      return { kind, type: module.tables[index] as TableType }
    case 'memory':
      return { kind, type: module.memories[index] as MemoryType }
    case 'global':
      return { kind, type: module.globals[index] as GlobalType }
  }
}

function isOwn({ types, functions }: ModuleInfo, index: number): boolean {
  const definition = types[functions[index] ?? -1]
  if (definition?.kind !== 'func') return false
  const { final, supertypes, groupSize, type } = definition
  const names = (each: ValType) => typeof each === 'object' && typeof each.heap === 'number'
  return !final || supertypes.length > 0 || groupSize > 1 || type.params.some(names) || type.results.some(names)
}

function functionTypes(module: ModuleInfo): FunctionTypes {
  return { types: module.types.map((_, index) => typeOf(module, index)), typeIndices: Uint32Array.from(module.functions) }
}

function typeOf({ types }: ModuleInfo, index: number | undefined): FuncType | undefined {
  const type = index === undefined ? undefined : types[index]
  return type?.kind === 'func' ? type.type : undefined
}

/** The types that most functions of most modules have, each once in a process: by their text, as far as that is all that there is to them. */
const commonTypes = new Map<string, FuncType>()
const MOST_COMMON = 1_000
const MOST_VALUES = 8

function common(type: FuncType): FuncType {
  const { params, results } = type
  if (params.length + results.length > MOST_VALUES || [...params, ...results].some((each) => typeof each === 'object')) return type
  const text = formatFuncType(type)
  const known = commonTypes.get(text)
  if (known !== undefined) return known
  if (commonTypes.size < MOST_COMMON) commonTypes.set(text, type)
  return type
}
