/** Blocks that leave a value: plain ones, ifs, loops that run once or a few times, and jumps that never come back. */
import type { ValType } from '../../../../src/wasm/types.ts'
import type { Code } from './code.ts'
import { leaf } from './constants.ts'
import { countdown } from './countdown.ts'
import { tryValue } from './exceptions.ts'
import { leave, maybeLeave } from './jumps.ts'

export function blockValue(code: Code, type: ValType): void {
  const { random } = code
  const params = random.oneIn(4) ? [random.pick(code.shape.valueTypes)] : []
  const kind = random.below(12)
  if (kind < 3) return plain(code, params, type)
  if (kind < 7) return either(code, params, type)
  if (kind < 9) return loopValue(code, type)
  if (kind === 9 && code.shape.exceptions !== 'none') return tryValue(code, type)
  if (kind === 10) return never(code, type)
  plain(code, params, type)
}

function plain(code: Code, params: readonly ValType[], type: ValType): void {
  code.values(params)
  code.block('block', params, [type], () => {
    code.absorbAll(params)
    code.statements(2)
    code.value(type)
    if (code.random.oneIn(3)) maybeLeave(code, [type])
  })
}

function either(code: Code, params: readonly ValType[], type: ValType): void {
  code.values(params)
  code.value('i32')
  code.block('if', params, [type], () => {
    const arm = () => {
      code.absorbAll(params)
      code.statements(2)
      code.value(type)
    }
    arm()
    code.op('else')
    arm()
  })
}

/** The value goes round as a parameter of the loop. */
function loopValue(code: Code, type: ValType): void {
  const { random } = code
  const local = code.someLocal(type)
  leaf(code, type)
  if (local === undefined) return
  const counter = countdown(code, random.below(6))
  code.block('loop', [type], [type], () => {
    code.op('local.set', local)
    code.statements(2)
    code.value(type)
    counter()
    code.op('br_if', 0)
  })
}

/** Control does not come back; what follows is dead until the block ends. */
function never(code: Code, type: ValType): void {
  code.unlikely()
  code.block('if', [], [], () => leave(code))
  code.value(type)
}
