/** The export and start sections. */

import { quote } from '../../errors.ts'
import { ENGINE_LIMITS } from '../engine-limits.ts'
import { DECLARED, type ExternKind, functionType } from '../module-info.ts'
import { invalid, type Reader } from '../reader.ts'
import { formatFuncType } from '../types.ts'
import type { Draft } from './draft.ts'
import { readExternKind } from './imports.ts'

export function readExports(reader: Reader, draft: Draft): void {
  const count = reader.count('exports', 3, ENGINE_LIMITS.exports)
  const names = new Set<string>()
  for (let each = 0; each < count; each++) {
    const offset = reader.offset
    const name = reader.name("an export's name")
    names.add(name)
    if (names.size === each) throw invalid(`two exports are called ${quote(name)}`, offset)
    const kind = readExternKind(reader)
    const index = reader.index(`a ${kind} index`, spaceSize(draft, kind))
    if (kind === 'function') draft.declaredFunctions[index] = (draft.declaredFunctions[index] as number) | DECLARED.exported
    draft.exports.push({ name, kind, index, offset })
  }
}

function spaceSize(draft: Draft, kind: ExternKind): number {
  switch (kind) {
    case 'function':
      return draft.functions.length
    case 'table':
      return draft.tables.length
    case 'memory':
      return draft.memories.length
    case 'global':
      return draft.globals.length
    case 'tag':
      return draft.tags.length
  }
}

export function readStart(reader: Reader, draft: Draft): void {
  const at = reader.offset
  const index = reader.index('a function index', draft.functions.length)
  const type = functionType(draft, index)
  if (type.params.length > 0 || type.results.length > 0) throw invalid(`the start function is ${formatFuncType(type)}, not () -> ()`, at, { index })
  draft.start = index
  draft.startOffset = at
}
