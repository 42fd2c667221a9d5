/**
 * Modules taken apart and put together again: sections, function bodies, instructions. For changing modules, so it minds less than a
 * reader would: what cannot be read any more stays as it is, at the end.
 */
import { LoadError } from '../../src/errors.ts'
import { InstructionReader } from '../../src/wasm/instructions.ts'
import { readLocals } from '../../src/wasm/locals.ts'
import { parseModule } from '../../src/wasm/module.ts'
import { Reader } from '../../src/wasm/reader.ts'
import { Writer } from '../../src/wasm/writer.ts'

export const CODE = 10
const HEADER = 8

export interface RawSection {
  readonly id: number
  readonly contents: Uint8Array
}

export interface Sections {
  readonly list: readonly RawSection[]
  /** What follows the last section that can be read. */
  readonly rest: Uint8Array
}

export function split(bytes: Uint8Array): Sections {
  const reader = new Reader(bytes, Math.min(HEADER, bytes.length))
  const list: RawSection[] = []
  let at = reader.offset
  try {
    while (reader.left > 0) {
      const id = reader.u8('an id')
      const size = reader.u32('a size')
      if (size > reader.left) break
      list.push({ id, contents: bytes.subarray(reader.offset, reader.offset + size) })
      reader.offset += size
      at = reader.offset
    }
  } catch (error) {
    unreadable(error)
  }
  return { list, rest: bytes.subarray(at) }
}

export function join({ list, rest }: Sections): Uint8Array<ArrayBuffer> {
  const writer = new Writer(4_096)
  writer.header()
  for (const { id, contents } of list) writer.section(id, (w) => w.bytes(contents))
  writer.bytes(rest)
  return writer.finish()
}

const ORDER = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11]

/** A section's vector with items added at its end; the section too if there is none. */
export function extended(list: readonly RawSection[], id: number, more: number, write: (w: Writer) => void): RawSection[] {
  const at = list.findIndex((section) => section.id === id)
  const old = list[at]?.contents ?? Uint8Array.of(0)
  const reader = new Reader(old)
  const writer = new Writer(old.length + 64)
  writer.u32(reader.u32('a count') + more)
  writer.bytes(old, reader.offset)
  write(writer)
  const section = { id, contents: writer.finish() }
  if (at >= 0) return list.with(at, section)
  const before = list.findIndex((each) => each.id !== 0 && ORDER.indexOf(each.id) > ORDER.indexOf(id))
  return list.toSpliced(before < 0 ? list.length : before, 0, section)
}

/** Items with their sizes before them, as in the code section; undefined if it is not that. */
export function splitBodies(contents: Uint8Array): Uint8Array[] | undefined {
  const reader = new Reader(contents)
  try {
    return Array.from({ length: reader.count('bodies', 1) }, () => {
      const size = reader.u32('a size')
      const start = reader.offset
      reader.offset += size
      if (reader.offset > contents.length) reader.fail('a body')
      return contents.subarray(start, reader.offset)
    })
  } catch (error) {
    return unreadable(error)
  }
}

export function joinBodies(bodies: readonly Uint8Array[]): Uint8Array {
  const writer = new Writer(4_096)
  writer.vec(bodies, (body) => {
    writer.u32(body.length)
    writer.bytes(body)
  })
  return writer.finish()
}

export interface Instruction {
  readonly name: string
  readonly bytes: Uint8Array
}

export interface Body {
  readonly locals: Uint8Array
  readonly instructions: readonly Instruction[]
}

/** All bodies of a module that can be read; undefined for one that cannot. */
export function readBodies(bytes: Uint8Array): Body[] | undefined {
  try {
    const module = parseModule(bytes)
    const reader = new InstructionReader(module)
    return [...module.bodyStarts].map((start, at) => {
      const end = module.bodyEnds[at] as number
      const { codeStart, total } = readLocals(module, start, end)
      const type = module.types[module.functions[module.importedFunctions + at] as number]
      reader.reset(codeStart, end, total + (type?.kind === 'func' ? type.type.params.length : 0))
      const instructions: Instruction[] = []
      while (reader.next()) instructions.push({ name: reader.op.name, bytes: bytes.subarray(reader.start, reader.end) })
      return { locals: bytes.subarray(start, codeStart), instructions }
    })
  } catch (error) {
    return unreadable(error)
  }
}

export function withBodies(bytes: Uint8Array, bodies: readonly Body[]): Uint8Array<ArrayBuffer> {
  const { list, rest } = split(bytes)
  const contents = joinBodies(bodies.map(({ locals, instructions }) => concat([locals, ...instructions.map((each) => each.bytes)])))
  return join({ list: list.map((section) => (section.id === CODE ? { id: CODE, contents } : section)), rest })
}

export function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

function unreadable(error: unknown): undefined {
  if (!(error instanceof LoadError)) throw error
}
