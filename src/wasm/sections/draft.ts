/** A module's information while its sections are being read. */

import type { ModuleInfo } from '../module-info.ts'

type Grown<T> = T extends readonly (infer Item)[] ? Item[] : T

export type Draft = { -readonly [Key in keyof ModuleInfo]: Grown<ModuleInfo[Key]> }

export function emptyDraft(bytes: Uint8Array): Draft {
  return {
    bytes,
    sections: [],
    types: [],
    imports: [],
    functions: [],
    importedFunctions: 0,
    tables: [],
    importedTables: 0,
    memories: [],
    importedMemories: 0,
    globals: [],
    importedGlobals: 0,
    tags: [],
    importedTags: 0,
    globalInitialisers: [],
    tableInitialisers: [],
    exports: [],
    start: undefined,
    startOffset: 0,
    elements: [],
    data: [],
    dataCount: undefined,
    bodyStarts: new Uint32Array(0),
    bodyEnds: new Uint32Array(0),
    declaredFunctions: new Uint8Array(0),
  }
}
