/** Values without operands: constants, references, locals and globals. */
import type { NumType, RefType, ValType } from '../../../../src/wasm/types.ts'
import { someF32, someF64, someI32, someI64 } from '../../values.ts'
import type { Code } from './code.ts'
import { sameType } from './types.ts'

/** Pushes a value of a type with one instruction, or a few. */
export function leaf(code: Code, type: ValType): void {
  const { random } = code
  if (!random.oneIn(3) && variable(code, type)) return
  if (typeof type === 'string') constant(code, type)
  else reference(code, type)
}

function variable(code: Code, type: ValType): boolean {
  if (code.random.oneIn(5)) {
    const globals = code.shape.globals.flatMap((global, index) => (sameType(global.type, type) && index !== code.gas ? [index] : []))
    if (globals.length > 0) {
      code.op('global.get', code.random.pick(globals))
      return true
    }
  }
  const local = code.someLocal(type)
  if (local === undefined) return false
  code.op('local.get', local)
  return true
}

export function constant(code: Code, type: NumType): void {
  const { random } = code
  if (type === 'i32') code.op('i32.const', someI32(random))
  else if (type === 'i64') code.op('i64.const', someI64(random))
  else if (type === 'f32') code.op('f32.const', someF32(random))
  else if (type === 'f64') code.op('f64.const', someF64(random))
  else code.op('v128.const', random.bytes(16))
}

export function reference(code: Code, { nullable, heap }: RefType): void {
  const { random, functions } = code
  if (nullable && (random.oneIn(3) || heap === 'exn')) return code.op('ref.null', heap)
  switch (heap) {
    case 'i31':
    case 'any':
    case 'eq':
      constant(code, 'i32')
      return code.op('ref.i31')
    case 'func':
      return code.op('ref.func', random.below(functions.length))
    case 'extern':
      if (!code.shape.features.gc) break
      constant(code, 'i32')
      code.op('ref.i31')
      return code.op('extern.convert_any')
  }
  const fitting = typeof heap === 'number' ? functions.flatMap(({ typeIndex }, index) => (typeIndex === heap ? [index] : [])) : []
  if (fitting.length > 0) return code.op('ref.func', random.pick(fitting))
  if (nullable) return code.op('ref.null', heap)
  code.op('unreachable')
}
