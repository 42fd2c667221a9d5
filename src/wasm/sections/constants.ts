/** Constant expressions: initialisers of globals, tables and elements, and the addresses of segments. */

import type { InstructionReader } from '../instructions.ts'
import type { ConstantExpression } from '../module-info.ts'
import { OPCODES } from '../opcodes.ts'
import { invalid, Reader } from '../reader.ts'

const NAMES = [
  'end i32.const i64.const f32.const f64.const v128.const global.get ref.null ref.func ref.i31',
  'i32.add i32.sub i32.mul i64.add i64.sub i64.mul any.convert_extern extern.convert_any',
  'struct.new struct.new_default array.new array.new_default array.new_fixed',
].flatMap((names) => names.split(' '))

/** By opcode id: may a constant expression have it? */
const CONSTANT: readonly boolean[] = OPCODES.map(({ name }) => NAMES.includes(name))

/** @param instructions a reader of constants for the same module */
export function readConstant(reader: Reader, instructions: InstructionReader): ConstantExpression {
  const start = reader.offset
  skipConstant(reader, instructions)
  return { start, end: reader.offset, value: constantValue(reader, start) }
}

/** Steps over a constant expression that nobody asks about. */
export function skipConstant(reader: Reader, instructions: InstructionReader): void {
  instructions.reset(reader.offset, reader.end, 0)
  while (instructions.next()) {
    const { op } = instructions
    if (!CONSTANT[op.id]) throw invalid(`${op.name} in a constant expression`, instructions.start)
    if (op.control === 'end') {
      reader.offset = instructions.end
      return
    }
  }
  reader.fail('the end of a constant expression', instructions.end)
}

const I32_CONST = 0x41
const I64_CONST = 0x42

function constantValue({ bytes, offset: end }: Reader, start: number): bigint | undefined {
  const byte = bytes[start]
  if (byte !== I32_CONST && byte !== I64_CONST) return undefined
  const inner = new Reader(bytes, start + 1, end - 1)
  const value = byte === I32_CONST ? BigInt(inner.s32('an i32')) : inner.s64('an i64')
  return inner.left === 0 ? value : undefined
}
