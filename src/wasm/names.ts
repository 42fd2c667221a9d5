/** Names that a toolchain left behind for its functions, in the custom section `name`. They mean nothing to an engine, and nothing is refused for them. */
import { LoadError } from '../errors.ts'
import type { ModuleInfo } from './module-info.ts'
import { Reader } from './reader.ts'

const FUNCTION_NAMES = 1

/** By function index. Of a section that does not decode there are none; of several sections, the first counts. */
export function functionNames({ bytes, sections, functions }: ModuleInfo): ReadonlyMap<number, string> {
  const section = sections.find(({ name }) => name === 'name')
  if (section === undefined) return new Map()
  try {
    return readSubsections(new Reader(bytes, section.payload, section.end), functions.length)
  } catch (error) {
    if (error instanceof LoadError) return new Map()
    throw error
  }
}

/** Each has a number and a size, and may be left out. */
function readSubsections(reader: Reader, functions: number): ReadonlyMap<number, string> {
  while (reader.left > 0) {
    const kind = reader.u8('the kind of a subsection')
    const size = reader.u32('the size of a subsection')
    if (kind === FUNCTION_NAMES) {
      if (size > reader.left) reader.fail(`a subsection of ${size} bytes`)
      return readNames(new Reader(reader.bytes, reader.offset, reader.offset + size), functions)
    }
    reader.skip(size, 'a subsection')
  }
  return new Map()
}

/** The first name of a function counts, and none of functions that are not there. */
function readNames(reader: Reader, functions: number): ReadonlyMap<number, string> {
  const names = new Map<number, string>()
  const count = reader.count('function names', 2)
  for (let each = 0; each < count; each++) {
    const index = reader.u32('a function index')
    const name = reader.name("a function's name")
    if (index < functions && !names.has(index)) names.set(index, name)
  }
  return names
}
