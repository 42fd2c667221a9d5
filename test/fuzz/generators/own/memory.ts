/** Addresses, loads and stores. */
import type { AddressType, NumType } from '../../../../src/wasm/types.ts'
import type { MemArg } from '../../../../src/wasm/writer.ts'
import type { Code } from './code.ts'
import { leaf } from './constants.ts'

export const PAGE = 65_536

const LOADS: Readonly<Record<NumType, readonly string[]>> = {
  i32: ['i32.load', 'i32.load8_s', 'i32.load8_u', 'i32.load16_s', 'i32.load16_u'],
  i64: ['i64.load', 'i64.load8_s', 'i64.load16_u', 'i64.load32_s', 'i64.load32_u'],
  f32: ['f32.load'],
  f64: ['f64.load'],
  v128: ['v128.load', 'v128.load8x8_s', 'v128.load16_splat', 'v128.load64_zero'],
}
const STORES: Readonly<Record<NumType, readonly string[]>> = {
  i32: ['i32.store', 'i32.store8', 'i32.store16'],
  i64: ['i64.store', 'i64.store8', 'i64.store16', 'i64.store32'],
  f32: ['f32.store'],
  f64: ['f64.store'],
  v128: ['v128.store'],
}
const ATOMICS: Readonly<Partial<Record<NumType, readonly (readonly [name: string, align: number, operands: number])[]>>> = {
  i32: [
    ['i32.atomic.load', 2, 0],
    ['i32.atomic.rmw.add', 2, 1],
    ['i32.atomic.rmw8.xchg_u', 0, 1],
    ['i32.atomic.rmw.cmpxchg', 2, 2],
  ],
  i64: [
    ['i64.atomic.load', 3, 0],
    ['i64.atomic.rmw.xor', 3, 1],
    ['i64.atomic.rmw16.cmpxchg_u', 1, 2],
  ],
}

/** Pushes an address that is most often below a limit. */
export function address(code: Code, type: AddressType, limit: number): void {
  const { random } = code
  if (random.oneIn(4)) return number(code, type, random.below(Math.max(1, limit)))
  if (random.oneIn(2)) leaf(code, type)
  else code.value(type)
  if (random.oneIn(15)) return // wherever that is
  // The greatest power of two that fits
  number(code, type, limit < 2 ? 0 : 2 ** Math.floor(Math.log2(limit)) - 1)
  code.op(`${type}.and`)
}

export function number(code: Code, type: AddressType, value: number | bigint): void {
  if (type === 'i64') code.op('i64.const', BigInt.asIntN(64, BigInt(value)))
  else code.op('i32.const', Number(value) | 0)
}

/** Pushes an address in some memory; returns what goes with it. */
function place(code: Code): MemArg {
  const { random, shape } = code
  const memory = random.below(shape.memories.length)
  const { address: type, minimum } = shape.memories[memory] as (typeof shape.memories)[number]
  const offset = random.oneIn(3) ? random.spread(200) : 0
  address(code, type, minimum * PAGE)
  return { align: 0, offset: random.oneIn(60) ? 2 ** 31 + offset : offset, memory }
}

/** False if there is no memory. */
export function load(code: Code, type: NumType): boolean {
  const { random, shape } = code
  if (shape.memories.length === 0) return false
  const atomics = ATOMICS[type]
  if (shape.features.threads && atomics !== undefined && random.oneIn(10)) {
    const [name, align, operands] = random.pick(atomics)
    const where = place(code)
    for (let operand = 0; operand < operands; operand++) code.value(type)
    code.op(name, { ...where, align })
    return true
  }
  const where = place(code)
  code.op(random.pick(LOADS[type]), where)
  return true
}

export function store(code: Code): void {
  const { random, shape } = code
  if (shape.memories.length === 0) return
  const types: NumType[] = shape.valueTypes.includes('v128') ? ['i32', 'i64', 'f32', 'f64', 'v128'] : ['i32', 'i64', 'f32', 'f64']
  const type = random.pick(types)
  const where = place(code)
  code.value(type)
  code.op(random.pick(STORES[type]), where)
}
