/**
 * The types of WebAssembly as data, and how they are written for people.
 * Reference types without a type index are shared objects (`FUNCREF` and its like), so they can be compared with `===`.
 */

export type NumType = 'i32' | 'i64' | 'f32' | 'f64' | 'v128'

/** Heap types that need no type definition. */
export type AbstractHeap = 'func' | 'extern' | 'any' | 'eq' | 'i31' | 'struct' | 'array' | 'exn' | 'none' | 'nofunc' | 'noextern' | 'noexn'

/** An abstract heap type, or the index of a type definition. */
export type HeapType = AbstractHeap | number

export interface RefType {
  readonly nullable: boolean
  readonly heap: HeapType
}

export type ValType = NumType | RefType

export interface FuncType {
  readonly params: readonly ValType[]
  readonly results: readonly ValType[]
}

export interface FieldType {
  readonly type: ValType | 'i8' | 'i16'
  readonly mutable: boolean
}

interface Definition {
  /** May other types not extend it? */
  readonly final: boolean
  readonly supertypes: readonly number[]
  /** The recursion group that defines it: index of the group's first type, and how many it has. */
  readonly groupStart: number
  readonly groupSize: number
}

export interface FuncDef extends Definition {
  readonly kind: 'func'
  readonly type: FuncType
}

export interface StructDef extends Definition {
  readonly kind: 'struct'
  readonly fields: readonly FieldType[]
}

export interface ArrayDef extends Definition {
  readonly kind: 'array'
  readonly element: FieldType
}

export type TypeDef = FuncDef | StructDef | ArrayDef

/** What indexes a memory or table. */
export type AddressType = 'i32' | 'i64'

/** Pages of a memory, elements of a table. */
export interface Limits {
  readonly minimum: bigint
  readonly maximum: bigint | undefined
  readonly shared: boolean
  readonly address: AddressType
}

export interface MemoryType {
  readonly limits: Limits
}

export interface TableType {
  readonly element: RefType
  readonly limits: Limits
}

export interface GlobalType {
  readonly type: ValType
  readonly mutable: boolean
}

export interface TagType {
  readonly typeIndex: number
}

/** Abstract heap types with the byte that stands for each and the short name of its nullable reference. */
const ABSTRACT: readonly (readonly [heap: AbstractHeap, byte: number, short: string])[] = [
  ['noexn', 0x74, 'nullexnref'],
  ['nofunc', 0x73, 'nullfuncref'],
  ['noextern', 0x72, 'nullexternref'],
  ['none', 0x71, 'nullref'],
  ['func', 0x70, 'funcref'],
  ['extern', 0x6f, 'externref'],
  ['any', 0x6e, 'anyref'],
  ['eq', 0x6d, 'eqref'],
  ['i31', 0x6c, 'i31ref'],
  ['struct', 0x6b, 'structref'],
  ['array', 0x6a, 'arrayref'],
  ['exn', 0x69, 'exnref'],
]

const NUMERIC: readonly (readonly [type: NumType, byte: number])[] = [
  ['i32', 0x7f],
  ['i64', 0x7e],
  ['f32', 0x7d],
  ['f64', 0x7c],
  ['v128', 0x7b],
]

/** Prefix bytes of references that spell out their heap type. */
export const REF_NULL_BYTE = 0x63
export const REF_BYTE = 0x64

const heapBytes = new Map<AbstractHeap, number>(ABSTRACT.map(([heap, byte]) => [heap, byte]))
const numBytes = new Map<NumType, number>(NUMERIC)
const shortNames = new Map<HeapType, string>(ABSTRACT.map(([heap, , short]) => [heap, short]))
const nullable = new Map<AbstractHeap, RefType>(ABSTRACT.map(([heap]) => [heap, Object.freeze({ nullable: true, heap })]))
const nonNull = new Map<AbstractHeap, RefType>(ABSTRACT.map(([heap]) => [heap, Object.freeze({ nullable: false, heap })]))

/** By byte, 0 to 127: the abstract heap type, and the value type that the byte alone stands for. */
export const HEAP_OF_BYTE: readonly (AbstractHeap | undefined)[] = Array.from({ length: 128 }, (_, byte) => ABSTRACT.find((entry) => entry[1] === byte)?.[0])
export const TYPE_OF_BYTE: readonly (ValType | undefined)[] = Array.from({ length: 128 }, (_, byte) => {
  const heap = HEAP_OF_BYTE[byte]
  return heap === undefined ? NUMERIC.find((entry) => entry[1] === byte)?.[0] : nullable.get(heap)
})

/** The reference type of a heap type; one shared object for each of those without an index. */
export function refType(isNullable: boolean, heap: HeapType): RefType {
  const shared = typeof heap === 'number' ? undefined : (isNullable ? nullable : nonNull).get(heap)
  return shared ?? { nullable: isNullable, heap }
}

export const FUNCREF: RefType = refType(true, 'func')
export const EXTERNREF: RefType = refType(true, 'extern')

/** The byte of an abstract heap type. */
export function heapByte(heap: AbstractHeap): number {
  return heapBytes.get(heap) ?? 0
}

/** The byte of a value type that one byte stands for, else undefined. */
export function typeByte(type: ValType): number | undefined {
  if (typeof type === 'string') return numBytes.get(type)
  return type.nullable && typeof type.heap === 'string' ? heapBytes.get(type.heap) : undefined
}

/** `i32`, `funcref`, `(ref null 3)`. */
export function formatValType(type: ValType | 'i8' | 'i16'): string {
  if (typeof type === 'string') return type
  const short = type.nullable ? shortNames.get(type.heap) : undefined
  return short ?? `(ref ${type.nullable ? 'null ' : ''}${type.heap})`
}

/** `(i32, i64) -> f32`; several results in parentheses, none as `()`. */
export function formatFuncType(type: FuncType): string {
  const list = (types: readonly ValType[]) => `(${types.map(formatValType).join(', ')})`
  const [only] = type.results
  return `${list(type.params)} -> ${type.results.length === 1 && only !== undefined ? formatValType(only) : list(type.results)}`
}

/** `1 to 10`, `1 or more`, with `shared` and `i64` where they apply. */
export function formatLimits(limits: Limits): string {
  const range = limits.maximum === undefined ? `${limits.minimum} or more` : `${limits.minimum} to ${limits.maximum}`
  return `${range}${limits.shared ? ', shared' : ''}${limits.address === 'i64' ? ', i64' : ''}`
}

/** `funcref, 1 to 10`. */
export function formatTableType(type: TableType): string {
  return `${formatValType(type.element)}, ${formatLimits(type.limits)}`
}

/** `mut i32` or `i32`. */
export function formatGlobalType(type: GlobalType): string {
  return `${type.mutable ? 'mut ' : ''}${formatValType(type.type)}`
}
