/** Statements: code that leaves the operand stack as it was. */
import type { ValType } from '../../../../src/wasm/types.ts'
import { bulkMemory, bulkTable } from './bulk.ts'
import { callStatement, tailCall } from './calls.ts'
import type { Code } from './code.ts'
import { deadCode } from './dead.ts'
import { throwStatement, tryStatement } from './exceptions.ts'
import { heapStatement } from './heap.ts'
import { leave } from './jumps.ts'
import { loop } from './loops.ts'
import { store } from './memory.ts'

type Statement = (code: Code) => void

export function statement(code: Code): void {
  code.random.weighted(STATEMENTS)(code)
}

const setLocal: Statement = (code) => {
  const type = code.random.pick(code.shape.valueTypes)
  const local = code.someLocal(type)
  code.value(type)
  if (local === undefined) code.op('drop')
  else code.op('local.set', local)
}

const setGlobal: Statement = (code) => {
  const { shape, random } = code
  const mutable = shape.globals.flatMap(({ mutable: is }, index) => (is && index !== code.gas && index !== code.sum ? [index] : []))
  if (mutable.length === 0) return setLocal(code)
  const index = random.pick(mutable)
  code.value(shape.globals[index]?.type as ValType)
  code.op('global.set', index)
}

/** Adds to a sum that is compared at the end: that this was done, and with what. */
export const note: Statement = (code) => {
  code.op('global.get', code.sum)
  code.op('i64.const', 31n)
  code.op('i64.mul')
  code.value('i64')
  code.op('i64.add')
  code.op('global.set', code.sum)
}

const absorbed: Statement = (code) => {
  const type = code.random.pick(code.shape.valueTypes)
  code.value(type)
  code.absorb(type)
}

const conditional: Statement = (code) => {
  code.value('i32')
  code.block('if', [], [], () => {
    code.statements(3)
    if (code.random.oneIn(2)) return
    code.op('else')
    code.statements(3)
  })
}

const block: Statement = (code) => {
  code.block('block', [], [], () => {
    code.statements(2)
    if (code.random.oneIn(2)) {
      code.value('i32')
      code.op('br_if', 0)
    }
    code.statements(2)
  })
}

const maybeLeave: Statement = (code) => {
  code.unlikely()
  code.block('if', [], [], () => leave(code))
}

const branchTable: Statement = (code) => {
  const { random, labels } = code
  const types = code.labelTypes(random.below(labels.length))
  const targets = code.labelsOf(types).filter((label) => !labels[labels.length - 1 - label]?.isLoop)
  if (targets.length === 0) return
  code.unlikely()
  code.block('if', [], [], () => {
    code.values(types)
    code.value('i32')
    code.op(
      'br_table',
      Array.from({ length: 1 + random.spread(30) }, () => random.pick(targets) + 1),
    )
  })
}

/** Much straight-line code. */
const burst: Statement = (code) => {
  for (let count = code.random.spread(120); count > 0; count--) {
    if (code.random.oneIn(2)) store(code)
    else setLocal(code)
  }
}

export const STATEMENTS: readonly (readonly [weight: number, statement: Statement])[] = [
  [5, setLocal],
  [3, setGlobal],
  [3, store],
  [3, note],
  [3, absorbed],
  [4, conditional],
  [2, block],
  [2, maybeLeave],
  [1, branchTable],
  [4, loop],
  [4, callStatement],
  [1, tailCall],
  [1, bulkMemory],
  [1, bulkTable],
  [2, tryStatement],
  [1, throwStatement],
  [1, deadCode],
  [1, heapStatement],
  [1, burst],
]
