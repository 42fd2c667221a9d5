/** Reads a module's sections into a `ModuleInfo`. Function bodies are only located; `InstructionReader` reads them. */

import { ENGINE_LIMITS } from './engine-limits.ts'
import { InstructionReader } from './instructions.ts'
import type { ModuleInfo } from './module-info.ts'
import { hex, invalid, malformed, Reader } from './reader.ts'
import { readCode } from './sections/code.ts'
import { readFunctions, readGlobals, readMemories, readTables, readTags } from './sections/declarations.ts'
import { type Draft, emptyDraft } from './sections/draft.ts'
import { readExports, readStart } from './sections/exports.ts'
import { readImports } from './sections/imports.ts'
import { readData, readDataCount, readElements } from './sections/segments.ts'
import { readTypes } from './sections/types.ts'

export type { ConstantExpression, DataInfo, ElementInfo, ExportInfo, ExternKind, ImportInfo, ModuleInfo, Section } from './module-info.ts'
export { DECLARED, functionType } from './module-info.ts'

interface SectionKind {
  readonly name: string
  readonly read: (reader: Reader, draft: Draft, constants: InstructionReader) => void
  /** Sections come in the order of their ranks, which is not that of their ids. */
  readonly rank: number
}

/** By section id; 0 is a custom section, which may be anywhere. */
const SECTIONS: readonly (SectionKind | undefined)[] = [
  undefined,
  { name: 'type', read: readTypes, rank: 1 },
  { name: 'import', read: readImports, rank: 2 },
  { name: 'function', read: readFunctions, rank: 3 },
  { name: 'table', read: readTables, rank: 4 },
  { name: 'memory', read: readMemories, rank: 5 },
  { name: 'global', read: readGlobals, rank: 7 },
  { name: 'export', read: readExports, rank: 8 },
  { name: 'start', read: readStart, rank: 9 },
  { name: 'element', read: readElements, rank: 10 },
  { name: 'code', read: readCode, rank: 12 },
  { name: 'data', read: readData, rank: 13 },
  { name: 'data count', read: readDataCount, rank: 11 },
  { name: 'tag', read: readTags, rank: 6 },
]

const CUSTOM = 0
const FUNCTION_RANK = 3
const HEADER_SIZE = 8
const MAGIC = [0x00, 0x61, 0x73, 0x6d]
const VERSION = [0x01, 0x00, 0x00, 0x00]

/** @throws LoadError `malformed` if the bytes do not decode, `invalid-module` if an index is outside its space */
export function parseModule(bytes: Uint8Array): ModuleInfo {
  // A Buffer would make every read below polymorphic
  const plain = bytes.constructor === Uint8Array ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
  const reader = new Reader(plain)
  readHeader(reader)
  const draft = emptyDraft(plain)
  const constants = new InstructionReader(draft, true)
  let rank = 0
  let customs = 0
  while (reader.left > 0) {
    if (reader.peek() === CUSTOM) {
      if (++customs > ENGINE_LIMITS.customSections) throw invalid(`more than ${ENGINE_LIMITS.customSections} custom sections`, reader.offset)
      readCustomSection(reader, draft)
    } else rank = readKnownSection(reader, draft, constants, rank)
  }
  checkCounts(reader, draft)
  return draft
}

function readHeader(reader: Reader): void {
  const { bytes } = reader
  if (MAGIC.some((byte, at) => bytes[at] !== byte)) throw malformed('expected a WebAssembly module, which begins with the bytes 00 61 73 6d', 0)
  if (VERSION.some((byte, at) => bytes[MAGIC.length + at] !== byte)) {
    const component = bytes.length >= HEADER_SIZE && bytes[6] === 1 && bytes[7] === 0
    throw malformed(component ? 'expected a core module, not a component' : 'expected version 1 of the binary format', MAGIC.length)
  }
  reader.offset = HEADER_SIZE
}

/** Reads a section's size and narrows the reader to its contents. */
function enter(reader: Reader, name: string): void {
  const at = reader.offset
  const size = reader.u32(`the size of the ${name} section`)
  if (size > reader.left) throw malformed(`expected a ${name} section of ${size} bytes, but only ${reader.left} are left`, at)
  reader.end = reader.offset + size
}

function readCustomSection(reader: Reader, draft: Draft): void {
  const start = reader.offset++
  enter(reader, 'custom')
  const { end } = reader
  const name = reader.name("a custom section's name")
  draft.sections.push({ id: CUSTOM, start, payload: reader.offset, end, name })
  reader.offset = end
  reader.end = reader.bytes.length
}

function readKnownSection(reader: Reader, draft: Draft, constants: InstructionReader, lastRank: number): number {
  const start = reader.offset
  const id = reader.u8('a section id')
  const kind = SECTIONS[id]
  if (kind === undefined) throw malformed(`expected a section id, not ${hex(id)}`, start)
  const { name, rank, read } = kind
  if (rank <= lastRank) throw malformed(`expected the ${name} section ${rank === lastRank ? 'only once' : `before the ${nameOfRank(lastRank)} section`}`, start)
  enter(reader, name)
  const { end } = reader
  draft.sections.push({ id, start, payload: reader.offset, end, name: undefined })
  if (rank > FUNCTION_RANK) allFunctionsKnown(draft)
  read(reader, draft, constants)
  if (reader.offset !== end) throw malformed(`expected the ${name} section to end here, ${end - reader.offset} bytes earlier`, reader.offset)
  reader.end = reader.bytes.length
  return rank
}

function nameOfRank(rank: number): string | undefined {
  return SECTIONS.find((kind) => kind?.rank === rank)?.name
}

function allFunctionsKnown(draft: Draft): void {
  if (draft.declaredFunctions.length !== draft.functions.length) draft.declaredFunctions = new Uint8Array(draft.functions.length)
}

/** What one section promises and another must keep, if that one is missing altogether. */
function checkCounts(reader: Reader, draft: Draft): void {
  const declared = draft.functions.length - draft.importedFunctions
  if (draft.bodyStarts.length !== declared) reader.fail(`a code section with ${declared} function bodies`)
  const { dataCount } = draft
  if (dataCount !== undefined && draft.data.length !== dataCount) reader.fail(`a data section with ${dataCount} segments`)
  allFunctionsKnown(draft)
}
