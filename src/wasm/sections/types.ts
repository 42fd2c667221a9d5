/** The type section: recursion groups of function, struct and array types. */

import { ENGINE_LIMITS } from '../engine-limits.ts'
import { hex, invalid, type Reader } from '../reader.ts'
import { readValType } from '../type-reader.ts'
import type { FieldType, TypeDef, ValType } from '../types.ts'
import type { Draft } from './draft.ts'

const FUNC = 0x60
const STRUCT = 0x5f
const ARRAY = 0x5e
const SUB = 0x50
const SUB_FINAL = 0x4f
const REC = 0x4e
const I8 = 0x78
const I16 = 0x77

const NO_SUPERTYPES: readonly number[] = Object.freeze([])

export function readTypes(reader: Reader, draft: Draft): void {
  const groups = reader.count('types', 2, ENGINE_LIMITS.types)
  for (let group = 0; group < groups; group++) {
    const at = reader.offset
    const start = draft.types.length
    let size = 1
    if (reader.peek() === REC) {
      reader.offset++
      size = reader.count('types', 2, ENGINE_LIMITS.types)
    }
    if (start + size > ENGINE_LIMITS.types) throw invalid(`more than ${ENGINE_LIMITS.types} types`, at, { limit: ENGINE_LIMITS.types })
    for (let each = 0; each < size; each++) draft.types.push(readType(reader, start + each, start, size))
  }
}

function readType(reader: Reader, index: number, groupStart: number, groupSize: number): TypeDef {
  const byte = reader.peek()
  let supertypes = NO_SUPERTYPES
  if (byte === SUB || byte === SUB_FINAL) {
    reader.offset++
    supertypes = readSupertypes(reader, index)
  }
  const definition = { final: byte !== SUB, supertypes, groupStart, groupSize }
  const typeCount = groupStart + groupSize
  const form = reader.u8('a type')
  switch (form) {
    case FUNC: {
      const params = readValTypes(reader, 'parameters', ENGINE_LIMITS.params, typeCount)
      return { kind: 'func', type: { params, results: readValTypes(reader, 'results', ENGINE_LIMITS.results, typeCount) }, ...definition }
    }
    case STRUCT:
      return { kind: 'struct', fields: readFields(reader, typeCount), ...definition }
    case ARRAY:
      return { kind: 'array', element: readField(reader, typeCount), ...definition }
    default:
      return reader.fail(`a type, not ${hex(form)}`, reader.offset - 1)
  }
}

function readSupertypes(reader: Reader, index: number): readonly number[] {
  const count = reader.count('supertypes')
  if (count === 0) return NO_SUPERTYPES
  const supertypes: number[] = []
  for (let each = 0; each < count; each++) supertypes.push(reader.index('a supertype index', index))
  return supertypes
}

function readValTypes(reader: Reader, what: string, limit: number, typeCount: number): readonly ValType[] {
  const count = reader.count(what, 1, limit)
  const types: ValType[] = []
  for (let each = 0; each < count; each++) types.push(readValType(reader, typeCount))
  return types
}

function readFields(reader: Reader, typeCount: number): readonly FieldType[] {
  const count = reader.count('fields', 2, ENGINE_LIMITS.fields)
  const fields: FieldType[] = []
  for (let each = 0; each < count; each++) fields.push(readField(reader, typeCount))
  return fields
}

function readField(reader: Reader, typeCount: number): FieldType {
  const type = readStorageType(reader, typeCount)
  const mutable = reader.u8('a mutability')
  if (mutable > 1) reader.fail(`a mutability of 0 or 1, not ${hex(mutable)}`, reader.offset - 1)
  return { type, mutable: mutable === 1 }
}

function readStorageType(reader: Reader, typeCount: number): FieldType['type'] {
  const byte = reader.peek()
  if (byte !== I8 && byte !== I16) return readValType(reader, typeCount)
  reader.offset++
  return byte === I8 ? 'i8' : 'i16'
}
