/** The import section, and the kinds that imports and exports share. */

import { ENGINE_LIMITS } from '../engine-limits.ts'
import type { ExternKind, ImportInfo } from '../module-info.ts'
import { hex, type Reader } from '../reader.ts'
import { readGlobalType, readMemoryType, readTableType } from '../type-reader.ts'
import { readTagType, readTypeIndex } from './declarations.ts'
import type { Draft } from './draft.ts'

const KINDS: readonly ExternKind[] = ['function', 'table', 'memory', 'global', 'tag']

export function readExternKind(reader: Reader): ExternKind {
  const byte = reader.u8('the kind of an import or export')
  return KINDS[byte] ?? reader.fail(`the kind of an import or export, not ${hex(byte)}`, reader.offset - 1)
}

export function readImports(reader: Reader, draft: Draft): void {
  const count = reader.count('imports', 4, ENGINE_LIMITS.imports)
  for (let each = 0; each < count; each++) draft.imports.push(readImport(reader, draft))
  draft.importedFunctions = draft.functions.length
  draft.importedTables = draft.tables.length
  draft.importedMemories = draft.memories.length
  draft.importedGlobals = draft.globals.length
  draft.importedTags = draft.tags.length
}

function readImport(reader: Reader, draft: Draft): ImportInfo {
  const offset = reader.offset
  const module = reader.name("an import's module")
  const name = reader.name("an import's name")
  const kind = readExternKind(reader)
  const typeCount = draft.types.length
  switch (kind) {
    case 'function': {
      const typeIndex = readTypeIndex(reader, draft)
      return { kind, module, name, typeIndex, index: draft.functions.push(typeIndex) - 1, offset }
    }
    case 'table': {
      const type = readTableType(reader, typeCount)
      return { kind, module, name, type, index: draft.tables.push(type) - 1, offset }
    }
    case 'memory': {
      const type = readMemoryType(reader)
      return { kind, module, name, type, index: draft.memories.push(type) - 1, offset }
    }
    case 'global': {
      const type = readGlobalType(reader, typeCount)
      return { kind, module, name, type, index: draft.globals.push(type) - 1, offset }
    }
    case 'tag': {
      const type = readTagType(reader, draft)
      return { kind, module, name, type, index: draft.tags.push(type) - 1, offset }
    }
  }
}
