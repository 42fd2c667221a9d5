/** The code section: where each body is. What is in them is read later, one by one. */

import { malformed, type Reader } from '../reader.ts'
import type { Draft } from './draft.ts'

export function readCode(reader: Reader, draft: Draft): void {
  const at = reader.offset
  const declared = draft.functions.length - draft.importedFunctions
  const count = reader.count('function bodies')
  if (count !== declared) throw malformed(`expected ${declared} function bodies, as the function section declares, not ${count}`, at)
  const starts = new Uint32Array(count)
  const ends = new Uint32Array(count)
  for (let each = 0; each < count; each++) {
    const size = reader.u32('the size of a function body')
    starts[each] = reader.offset
    reader.skip(size, 'a function body')
    ends[each] = reader.offset
  }
  draft.bodyStarts = starts
  draft.bodyEnds = ends
}
