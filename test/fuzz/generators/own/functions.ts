/** The bodies of functions, by what they are about. */
import type { NumType } from '../../../../src/wasm/types.ts'
import type { Writer } from '../../../../src/wasm/writer.ts'
import type { Random } from '../../random.ts'
import { bulkMemory, bulkTable } from './bulk.ts'
import { callStatement, tailCall } from './calls.ts'
import { Code } from './code.ts'
import { deadCode } from './dead.ts'
import { throwStatement, tryStatement } from './exceptions.ts'
import { compute, value } from './expressions.ts'
import { loop } from './loops.ts'
import { load, store } from './memory.ts'
import { NUMBERS, type Role, type Shape } from './shape.ts'
import { note, statement } from './statements.ts'

const BODIES: Readonly<Record<Role, (code: Code) => void>> = {
  /** Straight on, no calls and no loops: what compilers inline, and where a check may be left out. */
  leaf: (code) => {
    for (let count = code.random.below(6); count > 0; count--) {
      const type = code.random.pick(NUMBERS) as NumType
      compute(code, type)
      const local = code.random.oneIn(2) ? code.someLocal(type) : undefined
      if (local === undefined) code.absorb(type)
      else code.op('local.set', local)
      if (code.random.oneIn(3)) store(code)
      if (code.random.oneIn(4) && load(code, 'i64')) code.absorb('i64')
    }
  },
  /** Calls others, more than one: a tree of calls. */
  tree: (code) => {
    note(code)
    for (let count = 1 + code.random.below(3); count > 0; count--) callStatement(code)
  },
  loops: (code) => {
    for (let count = 1 + code.random.below(3); count > 0; count--) loop(code)
  },
  tail: (code) => {
    note(code)
    tailCall(code)
    if (code.random.oneIn(2)) tailCall(code)
  },
  bulk: (code) => {
    for (let count = 1 + code.random.below(6); count > 0; count--) {
      if (code.random.oneIn(3)) bulkTable(code)
      else bulkMemory(code)
    }
  },
  exceptions: (code) => {
    for (let count = 1 + code.random.below(3); count > 0; count--) {
      tryStatement(code)
      if (code.random.oneIn(3)) throwStatement(code)
    }
  },
  /** Many variables. */
  locals: (code) => {
    const types = code.shape.valueTypes.filter((type) => typeof type === 'string' || type.nullable)
    for (let count = code.random.spread(300); count > 0; count--) code.local(code.random.pick(types))
    code.statements(8)
  },
  dead: (code) => {
    for (let count = 1 + code.random.below(3); count > 0; count--) deadCode(code)
  },
  mixed: (code) => code.statements(8),
}

/** Writes the body of the module's function number `at`. */
export function functionBody(random: Random, shape: Shape, at: number): Writer {
  const self = shape.functions[at] as Shape['functions'][number]
  const size = self.role === 'leaf' ? random.spread(30) : random.spread(random.oneIn(10) ? 1_500 : 300)
  const code = new Code({ value, statement }, random, shape, self, shape.importedFunctions.length + at, size)
  BODIES[self.role](code)
  if (self.role !== 'leaf' && random.oneIn(2)) code.statements(3)
  const { results } = self.type
  if (self.role === 'tail' && random.oneIn(2)) code.values(results)
  else for (const type of results) code.value(type)
  return code.finish()
}
