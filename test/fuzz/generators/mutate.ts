/** Damage: valid modules changed at random. Most of what comes out is not valid any more, and some is. */
import { LoadError } from '../../../src/errors.ts'
import { parseModule } from '../../../src/wasm/module.ts'
import { type Immediate, OPCODES, opcode } from '../../../src/wasm/opcodes.ts'
import { Reader } from '../../../src/wasm/reader.ts'
import { Writer } from '../../../src/wasm/writer.ts'
import { FEATURES } from '../features.ts'
import { type Body, CODE, concat, type Instruction, join, joinBodies, type RawSection, readBodies, split, splitBodies, withBodies } from '../pieces.ts'
import type { Random } from '../random.ts'
import { padded } from './pad.ts'

type Mutation = (random: Random, bytes: Uint8Array<ArrayBuffer>, other: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>

/** One to three changes. @param other another module, parts of which may be put in */
export function mutate(random: Random, bytes: Uint8Array<ArrayBuffer>, other: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  let mutant = bytes
  for (let count = random.weighted(COUNTS); count > 0; count--) mutant = random.weighted(MUTATIONS)(random, mutant, other)
  return mutant
}

const COUNTS = [
  [6, 1],
  [2, 2],
  [1, 3],
] as const

const flipBytes: Mutation = (random, bytes) => {
  const mutant = bytes.slice()
  for (let count = 1 + random.spread(4); count > 0; count--) mutant[random.below(mutant.length)] = random.u32() >>> 24
  return mutant
}

const flipBit: Mutation = (random, bytes) => {
  const mutant = bytes.slice()
  const at = random.below(mutant.length)
  mutant[at] = (mutant[at] as number) ^ (1 << random.below(8))
  return mutant
}

const truncate: Mutation = (random, bytes) => bytes.slice(0, random.below(bytes.length))

const insertBytes: Mutation = (random, bytes) => {
  const at = random.below(bytes.length + 1)
  return concat([bytes.subarray(0, at), random.bytes(1 + random.spread(8)), bytes.subarray(at)])
}

const removeBytes: Mutation = (random, bytes) => {
  const at = random.below(bytes.length)
  return concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.spread(16))])
}

/** Sections moved, doubled, left out, or taken from the other module. */
const sections: Mutation = (random, bytes, other) => {
  const { list, rest } = split(bytes)
  if (list.length === 0) return bytes
  const at = random.below(list.length)
  const section = list[at] as RawSection
  const without = list.toSpliced(at, 1)
  const theirs = split(other).list
  switch (random.below(6)) {
    case 0:
      return join({ list: without, rest })
    case 1:
      return join({ list: list.toSpliced(at, 0, section), rest })
    case 2:
      return join({ list: without.toSpliced(random.below(list.length), 0, section), rest })
    case 3:
      return join({ list: list.with(at, theirs.find(({ id }) => id === section.id) ?? section), rest })
    case 4:
      return theirs.length === 0 ? bytes : join({ list: list.toSpliced(random.below(list.length + 1), 0, random.pick(theirs)), rest })
    default:
      return join({ list: list.toSpliced(at, 0, { id: 0, contents: customSection(random) }), rest })
  }
}

const CUSTOM_NAMES = ['name', 'curfew', 'metadata.code.branch_hint', 'metadata.code.x', 'sourceMappingURL', 'producers', '']

function customSection(random: Random): Uint8Array {
  const writer = new Writer()
  if (random.oneIn(8)) return random.bytes(random.spread(4))
  writer.name(random.pick(CUSTOM_NAMES))
  writer.bytes(random.bytes(random.spread(20)))
  return writer.finish()
}

/** A byte of one section's contents changed, the sizes made right again. */
const inSection: Mutation = (random, bytes) => {
  const { list, rest } = split(bytes)
  if (list.length === 0) return bytes
  const at = random.below(list.length)
  const { id, contents } = list[at] as RawSection
  return join({ list: list.with(at, { id, contents: damaged(random, contents) }), rest })
}

/** The same in one function's body. */
const inBody: Mutation = (random, bytes) => {
  const { list, rest } = split(bytes)
  const at = list.findIndex(({ id }) => id === CODE)
  const bodies = at < 0 ? undefined : splitBodies((list[at] as RawSection).contents)
  if (bodies === undefined || bodies.length === 0) return bytes
  const which = random.below(bodies.length)
  const contents = joinBodies(bodies.with(which, damaged(random, bodies[which] as Uint8Array)))
  return join({ list: list.with(at, { id: CODE, contents }), rest })
}

function damaged(random: Random, part: Uint8Array): Uint8Array {
  if (part.length === 0) return random.bytes(1)
  const at = random.below(part.length)
  const byte = part[at] as number
  const replaced = (...by: number[]) => concat([part.subarray(0, at), Uint8Array.from(by), part.subarray(at + 1)])
  switch (random.below(7)) {
    // An index, count or constant that is one more or less
    case 0:
      return replaced((byte + 1) & 0xff)
    case 1:
      return replaced((byte - 1) & 0xff)
    // The same number in more bytes than it needs, also in more than it may have
    case 2:
      return replaced(byte | 0x80, ...new Array(random.below(9)).fill(0x80), 0)
    // The largest numbers that there are
    case 3:
      return replaced(0xff, 0xff, 0xff, 0xff, random.pick([0x0f, 0x07, 0x7f]))
    case 4:
      return replaced()
    case 5:
      return replaced(byte, random.u32() >>> 24)
    default:
      return replaced(random.u32() >>> 24)
  }
}

/** Whole instructions left out, doubled, exchanged, or taken from elsewhere: what often stays valid. */
const instructions: Mutation = (random, bytes, other) => {
  const bodies = readBodies(bytes)
  const full = bodies?.flatMap(({ instructions: list }, index) => (list.length > 1 ? [index] : [])) ?? []
  if (bodies === undefined || full.length === 0) return bytes
  const which = random.pick(full)
  const body = bodies[which] as Body
  const changed = changeInstructions(random, body.instructions, () => {
    const theirs = readBodies(random.oneIn(3) ? other : bytes)?.flatMap((each) => each.instructions) ?? []
    const at = random.below(theirs.length)
    return theirs.slice(at, at + 1 + random.spread(6))
  })
  return withBodies(bytes, bodies.with(which, { ...body, instructions: changed }))
}

function changeInstructions(random: Random, list: readonly Instruction[], elsewhere: () => Instruction[]): readonly Instruction[] {
  const at = random.below(list.length)
  const some = 1 + random.spread(5)
  const here = list[at] as Instruction
  switch (random.below(8)) {
    case 0:
      return list.toSpliced(at, some)
    case 1:
      return list.toSpliced(at, 0, ...list.slice(at, at + some))
    case 2: {
      const to = random.below(list.length)
      return list.with(at, list[to] as Instruction).with(to, here)
    }
    case 3:
      return list.toSpliced(at, 0, ...elsewhere())
    case 4:
      return list.with(at, someInstruction(random))
    case 5:
      return list.toSpliced(at, 0, someInstruction(random))
    default: {
      // Another operand, or another instruction with the same
      const part = here.bytes.slice()
      const byte = random.below(part.length)
      part[byte] = ((part[byte] as number) + random.pick([1, -1, 1, -1, 64, 128])) & 0xff
      return list.with(at, { name: here.name, bytes: part })
    }
  }
}

/**
 * An index that is one past the end of its space, or so. A guard that appends things of its own there must not let a module have them.
 */
const pastTheEnd: Mutation = (random, bytes) => {
  const bodies = readBodies(bytes)
  const sizes = spaces(bytes)
  if (bodies === undefined || sizes === undefined) return bytes
  const candidates = bodies.flatMap(({ instructions: list }, body) =>
    list.flatMap(({ name }, at) => (sizes[opcode(name).immediates[0] as Immediate] === undefined ? [] : [{ body, at }])),
  )
  if (candidates.length === 0) return bytes
  const { body, at } = random.pick(candidates)
  const { locals, instructions: list } = bodies[body] as Body
  const { name, bytes: old } = list[at] as Instruction
  const writer = new Writer(16)
  const reader = new Reader(old, opcode(name).prefix === 0 ? 1 : 2)
  writer.bytes(old, 0, reader.offset)
  reader.u32('an index')
  writer.u32((sizes[opcode(name).immediates[0] as Immediate] as number) + random.below(4))
  writer.bytes(old, reader.offset)
  return withBodies(bytes, bodies.with(body, { locals, instructions: list.with(at, { name, bytes: writer.finish() }) }))
}

function spaces(bytes: Uint8Array): Partial<Record<Immediate, number>> | undefined {
  try {
    const { functions, types, tables, memories, globals, tags, data, elements } = parseModule(bytes)
    return {
      func: functions.length,
      type: types.length,
      table: tables.length,
      memory: memories.length,
      global: globals.length,
      tag: tags.length,
      data: data.length,
      elem: elements.length,
    }
  } catch (error) {
    if (error instanceof LoadError) return undefined
    throw error
  }
}

/** Any instruction there is, with immediates that are small numbers. */
function someInstruction(random: Random): Instruction {
  const { name, prefix, code } = random.pick(OPCODES)
  const writer = new Writer(8)
  if (prefix !== 0) writer.u8(prefix)
  if (prefix === 0) writer.u8(code)
  else writer.u32(code)
  for (let count = random.below(4); count > 0; count--) writer.u8(random.oneIn(4) ? random.u32() >>> 24 : random.below(3))
  return { name, bytes: writer.finish() }
}

const pad: Mutation = (random, bytes) => padded(random, bytes, random.pick([2, 8]), FEATURES)

const MUTATIONS: readonly (readonly [weight: number, mutation: Mutation])[] = [
  [2, flipBytes],
  [2, flipBit],
  [1, truncate],
  [1, insertBytes],
  [1, removeBytes],
  [4, sections],
  [5, inSection],
  [6, inBody],
  [10, instructions],
  [4, pastTheEnd],
  [3, pad],
]
