/**
 * What is known of a module once its sections were read: plain data, indices checked against their own index spaces.
 * Every `offset`, `start` and `end` is a byte offset in `bytes`; an `end` is exclusive.
 */

import type { FuncType, GlobalType, MemoryType, TableType, TagType, TypeDef } from './types.ts'

export interface Section {
  /** 0 for a custom section. */
  readonly id: number
  /** Where the id byte is. */
  readonly start: number
  /** Where the contents begin; for a custom section, after its name. */
  readonly payload: number
  readonly end: number
  /** Only of a custom section. */
  readonly name: string | undefined
}

/** What can be imported and exported. */
export type ExternKind = 'function' | 'table' | 'memory' | 'global' | 'tag'

interface ImportBase {
  readonly module: string
  readonly name: string
  /** In the index space of its kind. */
  readonly index: number
  readonly offset: number
}

export type ImportInfo = ImportBase &
  (
    | { readonly kind: 'function'; readonly typeIndex: number }
    | { readonly kind: 'table'; readonly type: TableType }
    | { readonly kind: 'memory'; readonly type: MemoryType }
    | { readonly kind: 'global'; readonly type: GlobalType }
    | { readonly kind: 'tag'; readonly type: TagType }
  )

export interface ExportInfo {
  readonly name: string
  readonly kind: ExternKind
  readonly index: number
  readonly offset: number
}

/** A constant expression: its bytes, `end` instruction included. */
export interface ConstantExpression {
  readonly start: number
  readonly end: number
  /** What it evaluates to if it is a single `i32.const` (as signed) or `i64.const`, else undefined. */
  readonly value: bigint | undefined
}

export interface ElementInfo {
  readonly mode: 'active' | 'passive' | 'declarative'
  /** The table that an active segment is written to; 0 for others. */
  readonly table: number
  /** Where in the table, of an active segment. */
  readonly address: ConstantExpression | undefined
  readonly count: number
  readonly offset: number
  readonly end: number
}

export interface DataInfo {
  readonly mode: 'active' | 'passive'
  /** The memory that an active segment is written to; 0 for others. */
  readonly memory: number
  /** Where in the memory, of an active segment. */
  readonly address: ConstantExpression | undefined
  /** Where the segment's bytes are, and how many. */
  readonly start: number
  readonly size: number
  readonly offset: number
}

export interface ModuleInfo {
  readonly bytes: Uint8Array
  readonly sections: readonly Section[]
  readonly types: readonly TypeDef[]
  readonly imports: readonly ImportInfo[]
  /** Type index of every function, imported ones first; so with all index spaces. */
  readonly functions: readonly number[]
  readonly importedFunctions: number
  readonly tables: readonly TableType[]
  readonly importedTables: number
  readonly memories: readonly MemoryType[]
  readonly importedMemories: number
  readonly globals: readonly GlobalType[]
  readonly importedGlobals: number
  readonly tags: readonly TagType[]
  readonly importedTags: number
  /** Of the globals that the module defines, in order. */
  readonly globalInitialisers: readonly ConstantExpression[]
  /** Of the tables that the module defines; undefined where it starts as null. */
  readonly tableInitialisers: readonly (ConstantExpression | undefined)[]
  readonly exports: readonly ExportInfo[]
  /** Index of the start function. */
  readonly start: number | undefined
  /** Where the start section has that index; 0 without one. */
  readonly startOffset: number
  readonly elements: readonly ElementInfo[]
  readonly data: readonly DataInfo[]
  /** What the data count section says; undefined without one. */
  readonly dataCount: number | undefined
  /** Bodies of the defined functions: offset after the size field (where the locals are), and the end. */
  readonly bodyStarts: Uint32Array
  readonly bodyEnds: Uint32Array
  /** By function, how it may be referred to: bits of `DECLARED`. Those that have none, no body may take a reference of. */
  readonly declaredFunctions: Uint8Array
}

/** A function is named by an export; by an element segment, an initialiser or a `ref.func`. */
export const DECLARED = { exported: 1, referred: 2 } as const

/** Signature of a function by its index, which must be one that the module has. */
export function functionType(module: ModuleInfo, index: number): FuncType {
  const type = module.types[module.functions[index] ?? -1]
  if (type?.kind !== 'func') throw new RangeError(`no function has index ${index}`)
  return type.type
}
