/** Structs and arrays, a little: binaryen's fuzzer does much of it. */
import type { Code } from './code.ts'

export function heapStatement(code: Code): void {
  const { heapTypes } = code.shape
  if (heapTypes === undefined) return
  if (code.random.oneIn(2)) structStatement(code, heapTypes.struct)
  else arrayStatement(code, heapTypes.array)
}

function structStatement(code: Code, type: number): void {
  const local = code.local({ nullable: true, heap: type }, true)
  if (code.random.oneIn(3)) code.op('struct.new_default', type)
  else {
    code.value('i32')
    code.value('i64')
    code.op('struct.new', type)
  }
  code.op('local.set', local)
  code.op('local.get', local)
  code.value('i64')
  code.op('struct.set', type, 1)
  code.op('global.get', code.sum)
  code.op('local.get', local)
  code.op('struct.get', type, code.random.oneIn(2) ? 1 : 0)
  // The first field is narrower
  code.op('drop')
  code.op('global.set', code.sum)
}

function arrayStatement(code: Code, type: number): void {
  const local = code.local({ nullable: true, heap: type }, true)
  const mask = (limit: number) => {
    code.value('i32')
    code.op('i32.const', limit)
    code.op('i32.and')
  }
  code.value('i32')
  code.op('i32.const', 32 + code.random.below(100))
  code.op('array.new', type)
  code.op('local.set', local)
  code.op('local.get', local)
  mask(15)
  code.value('i32')
  mask(15)
  code.op('array.fill', type)
  code.op('local.get', local)
  mask(code.random.oneIn(10) ? 255 : 15)
  code.op('local.get', local)
  mask(15)
  mask(15)
  code.op('array.copy', type, type)
  code.op('global.get', code.sum)
  code.op('local.get', local)
  mask(31)
  code.op('array.get', type)
  code.op('i64.extend_i32_s')
  code.op('i64.xor')
  code.op('global.set', code.sum)
}
