/** The element, data count and data sections. */

import { ENGINE_LIMITS } from '../engine-limits.ts'
import type { InstructionReader } from '../instructions.ts'
import { type DataInfo, DECLARED, type ElementInfo } from '../module-info.ts'
import { hex, malformed, type Reader } from '../reader.ts'
import { readRefType } from '../type-reader.ts'
import { readConstant, skipConstant } from './constants.ts'
import type { Draft } from './draft.ts'

// Flags of an element segment
const NOT_ACTIVE = 1
const HAS_INDEX = 2 // of an active segment; else it says declarative
const EXPRESSIONS = 4

export function readElements(reader: Reader, draft: Draft, constants: InstructionReader): void {
  const count = reader.count('element segments', 2, ENGINE_LIMITS.elementSegments)
  for (let each = 0; each < count; each++) draft.elements.push(readElement(reader, draft, constants))
}

function readElement(reader: Reader, draft: Draft, constants: InstructionReader): ElementInfo {
  const offset = reader.offset
  const flags = reader.u32('the flags of an element segment')
  if (flags > 7) reader.fail(`the flags of an element segment, not ${hex(flags)}`, offset)
  const active = (flags & NOT_ACTIVE) === 0
  const indexed = (flags & HAS_INDEX) !== 0
  const table = active ? readTarget(reader, indexed, 'a table index', draft.tables.length) : 0
  const address = active ? readConstant(reader, constants) : undefined
  const typed = !active || indexed
  const count = (flags & EXPRESSIONS) === 0 ? readFunctionList(reader, draft, typed) : readExpressionList(reader, draft, constants, typed)
  return { mode: active ? 'active' : indexed ? 'declarative' : 'passive', table, address, count, offset, end: reader.offset }
}

/** What an active segment is written to; the first if it does not say. */
function readTarget(reader: Reader, indexed: boolean, what: string, size: number): number {
  if (indexed) return reader.index(what, size)
  reader.check(0, what, size)
  return 0
}

function readFunctionList(reader: Reader, draft: Draft, typed: boolean): number {
  if (typed) {
    const kind = reader.u8('the kind of an element segment')
    if (kind !== 0) reader.fail(`the kind of an element segment to be 0, not ${hex(kind)}`, reader.offset - 1)
  }
  const count = reader.count('elements')
  const size = draft.functions.length
  const { declaredFunctions } = draft
  for (let each = 0; each < count; each++) {
    const index = reader.index('a function index', size)
    declaredFunctions[index] = (declaredFunctions[index] as number) | DECLARED.referred
  }
  return count
}

function readExpressionList(reader: Reader, draft: Draft, constants: InstructionReader, typed: boolean): number {
  if (typed) readRefType(reader, draft.types.length)
  const count = reader.count('elements', 2)
  for (let each = 0; each < count; each++) skipConstant(reader, constants)
  return count
}

export function readDataCount(reader: Reader, draft: Draft): void {
  draft.dataCount = reader.u32('the number of data segments')
}

export function readData(reader: Reader, draft: Draft, constants: InstructionReader): void {
  const at = reader.offset
  const count = reader.count('data segments', 2, ENGINE_LIMITS.dataSegments)
  if (draft.dataCount !== undefined && draft.dataCount !== count) {
    throw malformed(`expected ${draft.dataCount} data segments, as the data count section says, not ${count}`, at)
  }
  for (let each = 0; each < count; each++) draft.data.push(readDatum(reader, draft, constants))
}

function readDatum(reader: Reader, draft: Draft, constants: InstructionReader): DataInfo {
  const offset = reader.offset
  const flags = reader.u32('the flags of a data segment')
  if (flags > 2) reader.fail(`the flags of a data segment, not ${hex(flags)}`, offset)
  const active = flags !== NOT_ACTIVE
  const memory = active ? readTarget(reader, flags === HAS_INDEX, 'a memory index', draft.memories.length) : 0
  const address = active ? readConstant(reader, constants) : undefined
  const size = reader.u32('the size of a data segment')
  const start = reader.offset
  reader.skip(size, 'a data segment')
  return { mode: active ? 'active' : 'passive', memory, address, start, size, offset }
}
