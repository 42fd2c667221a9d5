/** Ways to make a module smaller. Each proposes candidates, the boldest first. Many of them are not valid, which whoever tries them finds out. */
import { opcode } from '../../../src/wasm/opcodes.ts'
import { Reader } from '../../../src/wasm/reader.ts'
import { instruction, Writer } from '../../../src/wasm/writer.ts'
import { type Body, CODE, concat, type Instruction, join, joinBodies, type RawSection, readBodies, split, splitBodies, withBodies } from '../pieces.ts'

export type Candidates = (bytes: Uint8Array<ArrayBuffer>) => Iterable<Uint8Array<ArrayBuffer>>

const EXPORT = 7
/** Sections whose last item can go without renumbering others. */
const VECTORS = [13, 5, 4, 6, 9, 11, 3, 2, 1] as const

const withoutSections: Candidates = function* (bytes) {
  const { list, rest } = split(bytes)
  if (rest.length > 0) yield join({ list, rest: new Uint8Array() })
  for (const at of list.keys()) yield join({ list: list.toSpliced(at, 1), rest })
}

const withoutExports: Candidates = function* (bytes) {
  const { list, rest } = split(bytes)
  const at = list.findIndex(({ id }) => id === EXPORT)
  if (at < 0) return
  const entries = exportEntries((list[at] as RawSection).contents)
  for (const fewer of without(entries)) {
    const writer = new Writer()
    writer.vec(fewer, (entry) => writer.bytes(entry))
    yield join({ list: list.with(at, { id: EXPORT, contents: writer.finish() }), rest })
  }
}

function exportEntries(contents: Uint8Array): Uint8Array[] {
  const reader = new Reader(contents)
  return Array.from({ length: reader.u32('a count') }, () => {
    const start = reader.offset
    reader.name('a name')
    reader.u8('a kind')
    reader.u32('an index')
    return contents.subarray(start, reader.offset)
  })
}

/** The list with runs of items left out: halves first, single ones last. */
function* without<T>(items: readonly T[]): Iterable<T[]> {
  for (let size = items.length; size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < items.length; at += size) yield items.toSpliced(at, size)
  }
}

const UNREACHABLE: readonly Instruction[] = [made('unreachable'), made('end')]

function made(name: string, ...values: Parameters<typeof instruction>[2][]): Instruction {
  const writer = new Writer(8)
  instruction(writer, name, ...values)
  return { name, bytes: writer.finish() }
}

const emptyBodies: Candidates = function* (bytes) {
  const bodies = readBodies(bytes)
  if (bodies === undefined) return
  const empty: Body = { locals: Uint8Array.of(0), instructions: UNREACHABLE }
  for (let size = bodies.length; size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < bodies.length; at += size) {
      yield withBodies(
        bytes,
        bodies.map((body, index) => (index >= at && index < at + size ? empty : body)),
      )
    }
  }
}

/** The last function, whose index nobody else then has. */
const withoutLastFunction: Candidates = function* (bytes) {
  const { list, rest } = split(bytes)
  const types = list.findIndex(({ id }) => id === 3)
  const code = list.findIndex(({ id }) => id === CODE)
  if (types < 0 || code < 0) return
  const bodies = splitBodies((list[code] as RawSection).contents)
  const reader = new Reader((list[types] as RawSection).contents)
  if (bodies === undefined || bodies.length === 0) return
  const indices = Array.from({ length: reader.u32('a count') }, () => reader.u32('a type'))
  const writer = new Writer()
  writer.vec(indices.slice(0, -1), (index) => writer.u32(index))
  const fewer = list.with(types, { id: 3, contents: writer.finish() }).with(code, { id: CODE, contents: joinBodies(bodies.slice(0, -1)) })
  yield join({ list: fewer, rest })
}

const withoutInstructions: Candidates = function* (bytes) {
  const bodies = readBodies(bytes) ?? []
  for (const [at, body] of bodies.entries()) {
    for (const instructions of without(body.instructions)) yield withBodies(bytes, bodies.with(at, { ...body, instructions }))
    for (const instructions of unwrapped(body.instructions)) yield withBodies(bytes, bodies.with(at, { ...body, instructions }))
  }
}

/** Blocks replaced by their contents, or by nothing at all. */
function* unwrapped(list: readonly Instruction[]): Iterable<Instruction[]> {
  for (const [start, { name }] of list.entries()) {
    if (!OPENS.has(opcode(name).control)) continue
    const end = matching(list, start)
    if (end === undefined) continue
    yield list.toSpliced(start, end + 1 - start)
    yield list.toSpliced(end, 1).toSpliced(start, 1)
  }
}

const OPENS = new Set(['block', 'loop', 'if', 'try', 'try_table'])

function matching(list: readonly Instruction[], start: number): number | undefined {
  let depth = 0
  for (let at = start; at < list.length; at++) {
    const { control } = opcode((list[at] as Instruction).name)
    if (OPENS.has(control)) depth++
    if ((control === 'end' || control === 'delegate') && --depth === 0) return at
  }
  return undefined
}

/** What may stand for one instruction: drops of what it takes, and constants for what it gives. */
const SUBSTITUTES: readonly (readonly Instruction[])[] = (() => {
  const drop = made('drop')
  const constants = [[], [made('i32.const', 0)], [made('i64.const', 0n)], [made('f32.const', 0)], [made('f64.const', 0)], [made('ref.null', 'func')]]
  return [[made('unreachable')], ...[0, 1, 2, 3].flatMap((drops) => constants.map((constant) => [...new Array<Instruction>(drops).fill(drop), ...constant]))]
})()

const substituted: Candidates = function* (bytes) {
  const bodies = readBodies(bytes) ?? []
  for (const [at, body] of bodies.entries()) {
    for (const [index, { bytes: old }] of body.instructions.entries()) {
      for (const substitute of SUBSTITUTES) {
        // Only what gets smaller: else constants would replace constants for ever
        if (concat(substitute.map((each) => each.bytes)).length >= old.length) continue
        yield withBodies(bytes, bodies.with(at, { ...body, instructions: body.instructions.toSpliced(index, 1, ...substitute) }))
      }
    }
  }
}

/** Local variables declared and not used. */
const withoutLocals: Candidates = function* (bytes) {
  const bodies = readBodies(bytes) ?? []
  for (const [at, body] of bodies.entries()) {
    if (body.locals.length > 1) yield withBodies(bytes, bodies.with(at, { ...body, locals: Uint8Array.of(0) }))
  }
}

/** Vectors cut off behind fewer items: the count says so, and trailing bytes are left out from the end. */
const shorterVectors: Candidates = function* (bytes) {
  const { list, rest } = split(bytes)
  for (const [at, { id, contents }] of list.entries()) {
    if (!(VECTORS as readonly number[]).includes(id)) continue
    const reader = new Reader(contents)
    const items = reader.u32('a count')
    if (items === 0) continue
    // Where the last item begins is not known, so all places are tried
    for (let end = reader.offset; end < contents.length; end++) {
      const writer = new Writer()
      writer.u32(items - 1)
      writer.bytes(contents, reader.offset, end)
      yield join({ list: list.with(at, { id, contents: writer.finish() }), rest })
    }
  }
}

export const PASSES: readonly Candidates[] = [
  withoutSections,
  withoutExports,
  emptyBodies,
  withoutLastFunction,
  withoutInstructions,
  substituted,
  withoutLocals,
  shorterVectors,
]
