/** The sections that declare functions, tables, memories, tags and globals. */

import { ENGINE_LIMITS } from '../engine-limits.ts'
import type { InstructionReader } from '../instructions.ts'
import { hex, invalid, type Reader } from '../reader.ts'
import { readGlobalType, readMemoryType, readTableType } from '../type-reader.ts'
import type { TagType } from '../types.ts'
import { readConstant } from './constants.ts'
import type { Draft } from './draft.ts'

/** A table that is written with an initialiser begins with these two bytes. */
const INITIALISED = 0x40
const RESERVED = 0x00

/** The index of a function type. */
export function readTypeIndex(reader: Reader, draft: Draft): number {
  const at = reader.offset
  const index = reader.index('a type index', draft.types.length)
  const kind = draft.types[index]?.kind
  if (kind !== 'func') throw invalid(`type ${index} is of kind ${kind}, not func`, at, { index })
  return index
}

export function readTagType(reader: Reader, draft: Draft): TagType {
  const attribute = reader.u8('the attribute of a tag')
  if (attribute !== 0) reader.fail(`the attribute of a tag to be 0, not ${hex(attribute)}`, reader.offset - 1)
  return { typeIndex: readTypeIndex(reader, draft) }
}

export function readFunctions(reader: Reader, draft: Draft): void {
  const count = reader.count('functions', 1, ENGINE_LIMITS.functions)
  for (let each = 0; each < count; each++) draft.functions.push(readTypeIndex(reader, draft))
}

export function readTables(reader: Reader, draft: Draft, constants: InstructionReader): void {
  const count = reader.count('tables', 3, ENGINE_LIMITS.tables)
  for (let each = 0; each < count; each++) readTable(reader, draft, constants)
}

function readTable(reader: Reader, draft: Draft, constants: InstructionReader): void {
  const initialised = reader.peek() === INITIALISED
  if (initialised) {
    reader.offset++
    const reserved = reader.u8('a reserved byte')
    if (reserved !== RESERVED) reader.fail(`a reserved byte of 0, not ${hex(reserved)}`, reader.offset - 1)
  }
  const type = readTableType(reader, draft.types.length)
  draft.tableInitialisers.push(initialised ? readConstant(reader, constants) : undefined)
  draft.tables.push(type)
}

export function readMemories(reader: Reader, draft: Draft): void {
  const count = reader.count('memories', 2, ENGINE_LIMITS.memories)
  for (let each = 0; each < count; each++) draft.memories.push(readMemoryType(reader))
}

export function readTags(reader: Reader, draft: Draft): void {
  const count = reader.count('tags', 2, ENGINE_LIMITS.tags)
  for (let each = 0; each < count; each++) draft.tags.push(readTagType(reader, draft))
}

export function readGlobals(reader: Reader, draft: Draft, constants: InstructionReader): void {
  const count = reader.count('globals', 3, ENGINE_LIMITS.globals)
  for (let each = 0; each < count; each++) {
    const type = readGlobalType(reader, draft.types.length)
    // Its own initialiser must not see it
    draft.globalInitialisers.push(readConstant(reader, constants))
    draft.globals.push(type)
  }
}
