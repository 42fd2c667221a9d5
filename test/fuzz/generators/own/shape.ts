/** What a generated module declares, before there is any code: types, memories, tables, globals, tags, segments and the signatures of functions. */
import { type AddressType, EXTERNREF, FUNCREF, type FuncType, formatValType, type RefType, refType, type ValType } from '../../../../src/wasm/types.ts'
import type { Features } from '../../features.ts'
import type { Random } from '../../random.ts'
import { Types } from './types.ts'

/** What a function is about; see `functions.ts`. */
export const ROLES = ['leaf', 'tree', 'loops', 'tail', 'bulk', 'exceptions', 'locals', 'dead', 'mixed'] as const
export type Role = (typeof ROLES)[number]

export interface FunctionShape {
  readonly typeIndex: number
  readonly type: FuncType
  readonly role: Role
  readonly exported: boolean
}

export interface MemoryShape {
  readonly address: AddressType
  readonly minimum: number
  readonly maximum: number
  readonly shared: boolean
  readonly imported: boolean
}

export interface TableShape {
  readonly element: RefType
  readonly address: AddressType
  readonly minimum: number
  readonly maximum: number
  readonly imported: boolean
}

export interface GlobalShape {
  readonly type: ValType
  readonly mutable: boolean
  readonly imported: boolean
}

export interface SegmentShape {
  readonly mode: 'active' | 'passive' | 'declarative'
  /** Of the memory or table. */
  readonly target: number
  readonly length: number
}

export type Exceptions = 'none' | 'legacy' | 'new' | 'both'

export interface Shape {
  /** More may come while code is written. */
  readonly types: Types
  readonly importedFunctions: readonly FunctionShape[]
  readonly functions: readonly FunctionShape[]
  readonly memories: readonly MemoryShape[]
  readonly tables: readonly TableShape[]
  readonly globals: readonly GlobalShape[]
  /** Indices of types. */
  readonly tags: readonly number[]
  readonly data: readonly SegmentShape[]
  readonly elements: readonly SegmentShape[]
  readonly exceptions: Exceptions
  /** Types that values of this module may have. */
  readonly valueTypes: readonly ValType[]
  readonly features: Features
  /** Indices of a struct type and an array type. */
  readonly heapTypes: { readonly struct: number; readonly array: number } | undefined
  readonly start: boolean
}

export const NUMBERS: readonly ValType[] = ['i32', 'i64', 'f32', 'f64']
/** Globals that every module has, first among its own: what limits recursion, and a sum of what happened. */
export const GAS = 0
export const SUM = 1

/** Can JavaScript call it? */
export function isCallable({ params, results }: FuncType): boolean {
  return [...params, ...results].every((type) => type !== 'v128' && !/exn/.test(formatValType(type)))
}

export function makeShape(random: Random, features: Features): Shape {
  const valueTypes = someValueTypes(random, features)
  const types = new Types()
  for (const type of COMMON) types.signature(type)
  const signature = () => someSignature(random, valueTypes)
  const importedFunctions = Array.from({ length: random.below(4) }, () => functionShape(random, types, signature(), 'leaf'))
  const functions = Array.from({ length: 1 + random.spread(12) }, () => functionShape(random, types, signature(), random.pick(ROLES)))
  const start = random.oneIn(6)
  if (start) functions.push(functionShape(random, types, { params: [], results: [] }, 'mixed'))
  const memories = someMemories(random, features)
  const tables = someTables(random, features)
  const heapTypes = features.gc && random.oneIn(4) ? { struct: types.heap('struct'), array: types.heap('array') } : undefined
  const exceptions = someExceptions(random, features)
  const tags = exceptions === 'none' ? [] : someTags(random, types, valueTypes)
  return {
    types,
    importedFunctions,
    functions,
    memories,
    tables,
    globals: someGlobals(random, valueTypes),
    tags,
    data: memories.length === 0 ? [] : someSegments(random, memories.length, 300, ['active', 'passive']),
    elements: tables.length === 0 ? [] : someSegments(random, tables.length, 12, ['active', 'passive', 'declarative']),
    exceptions,
    valueTypes,
    features,
    heapTypes,
    start,
  }
}

/** Signatures that come up often, so that calls through tables and references find functions. `(ref 0)` is one of the first. */
const COMMON: readonly FuncType[] = [
  { params: ['i32'], results: ['i32'] },
  { params: [], results: [] },
]

function someValueTypes(random: Random, features: Features): ValType[] {
  const types: ValType[] = [...NUMBERS]
  if (random.oneIn(2)) types.push('i32', 'i64')
  if (features.simd && random.oneIn(3)) types.push('v128')
  if (random.oneIn(2)) types.push(FUNCREF)
  if (random.oneIn(3)) types.push(EXTERNREF)
  if (features.typedReferences && random.oneIn(3)) types.push(refType(true, 0), refType(false, 0))
  if (features.gc && random.oneIn(4)) types.push(refType(true, 'i31'), refType(true, 'any'))
  return types
}

function someSignature(random: Random, valueTypes: readonly ValType[]): FuncType {
  if (random.oneIn(3)) return random.pick(COMMON)
  const some = (most: number) => Array.from({ length: random.spread(most) }, () => random.pick(valueTypes))
  return { params: some(random.oneIn(20) ? 20 : 4), results: some(random.oneIn(20) ? 10 : 2) }
}

function functionShape(random: Random, types: Types, type: FuncType, role: Role): FunctionShape {
  return { type, typeIndex: types.signature(type), role, exported: isCallable(type) && !random.oneIn(5) }
}

function someMemories(random: Random, features: Features): MemoryShape[] {
  const count = features.multiMemory ? random.pick([0, 1, 1, 1, 2, 3]) : random.pick([0, 1, 1, 1])
  return Array.from({ length: count }, () => {
    // Large ones once in a while: bulk operations may be cut into pieces
    const minimum = random.oneIn(12) ? random.pick([5, 17, 40]) : random.pick([0, 1, 1, 2])
    const address = features.memory64 && random.oneIn(3) ? 'i64' : 'i32'
    const imported = random.oneIn(5) && (address === 'i32' || features.wideImports)
    return { address, minimum, maximum: minimum + random.below(4), shared: features.threads && random.oneIn(8), imported } as const
  }).sort(importedFirst)
}

function someTables(random: Random, features: Features): TableShape[] {
  const elements: RefType[] = [FUNCREF, FUNCREF, FUNCREF, EXTERNREF]
  if (features.typedReferences) elements.push(refType(true, 0))
  return Array.from({ length: random.pick([0, 1, 1, 2, 3]) }, () => {
    const element = random.pick(elements)
    const minimum = random.pick([0, 3, 10, 10, 300, 1_500])
    const imported = random.oneIn(5) && typeof element.heap === 'string'
    return { element, address: features.table64 && random.oneIn(4) ? 'i64' : 'i32', minimum, maximum: minimum + random.below(300), imported } as const
  }).sort(importedFirst)
}

function importedFirst(a: { imported: boolean }, b: { imported: boolean }): number {
  return Number(b.imported) - Number(a.imported)
}

function someGlobals(random: Random, valueTypes: readonly ValType[]): GlobalShape[] {
  const defaultable = valueTypes.filter((type) => typeof type === 'string' || type.nullable)
  const imported = Array.from({ length: random.below(3) }, () => ({ type: random.pick(NUMBERS), mutable: random.oneIn(2), imported: true }))
  const own = Array.from({ length: random.below(6) }, () => ({ type: random.pick(defaultable), mutable: !random.oneIn(4), imported: false }))
  return [...imported, { type: 'i32', mutable: true, imported: false }, { type: 'i64', mutable: true, imported: false }, ...own]
}

function someExceptions(random: Random, features: Features): Exceptions {
  const choices: Exceptions[] = ['none']
  if (features.legacyExceptions) choices.push('legacy')
  if (features.exceptions) choices.push('new', 'new')
  if (features.mixedExceptions && features.exceptions && features.legacyExceptions) choices.push('both')
  return random.pick(choices)
}

function someTags(random: Random, types: Types, valueTypes: readonly ValType[]): number[] {
  return Array.from({ length: 1 + random.below(3) }, () => {
    const params = Array.from({ length: random.spread(4) }, () => random.pick(valueTypes))
    return types.signature({ params, results: [] })
  })
}

function someSegments(random: Random, targets: number, longest: number, modes: readonly SegmentShape['mode'][]): SegmentShape[] {
  return Array.from({ length: random.below(4) }, () => ({ mode: random.pick(modes), target: random.below(targets), length: random.spread(longest) }))
}
