/** Expressions: code that pushes a value of a wanted type, whatever it does on the way. */
import { FUNCREF, type NumType, type RefType, type ValType } from '../../../../src/wasm/types.ts'
import { blockValue } from './blocks.ts'
import { callValue } from './calls.ts'
import type { Code } from './code.ts'
import { leaf } from './constants.ts'
import { address, load } from './memory.ts'
import { BY_RESULT, type Operator, SCALAR_BY_RESULT } from './operators.ts'
import { sameType } from './types.ts'

const DEEPEST = 7

export function value(code: Code, type: ValType): void {
  const { random } = code
  if (code.left <= 0 || code.depth > DEEPEST || random.oneIn(3)) return leaf(code, type)
  code.depth++
  if (typeof type === 'string') numeric(code, type)
  else reference(code, type)
  code.depth--
}

function numeric(code: Code, type: NumType): void {
  const kind = code.random.below(20)
  if (kind < 9) return compute(code, type)
  if (kind < 11 && load(code, type)) return
  if (kind === 12 && type === 'i32') return question(code)
  if (kind === 13 && type !== 'v128' && size(code, type)) return
  common(code, type)
}

function common(code: Code, type: ValType): void {
  const kind = code.random.below(12)
  if (kind < 3) return blockValue(code, type)
  if (kind < 7 && callValue(code, type)) return
  if (kind === 7) return choose(code, type)
  if (kind === 8) {
    const local = code.someLocal(type)
    code.value(type)
    if (local !== undefined) code.op('local.tee', local)
    return
  }
  if (typeof type === 'string') compute(code, type)
  else leaf(code, type)
}

function reference(code: Code, type: RefType): void {
  const { random, shape } = code
  if (random.oneIn(3)) {
    const tables = shape.tables.flatMap((table, index) => (type.nullable && sameType(table.element, type) ? [index] : []))
    if (tables.length > 0) {
      const table = random.pick(tables)
      address(code, shape.tables[table]?.address ?? 'i32', shape.tables[table]?.minimum ?? 0)
      return code.op('table.get', table)
    }
  }
  if (!type.nullable && shape.features.typedReferences && random.oneIn(3)) {
    code.value({ ...type, nullable: true })
    return code.op('ref.as_non_null')
  }
  common(code, type)
}

function choose(code: Code, type: ValType): void {
  code.value(type)
  code.value(type)
  code.value('i32')
  if (typeof type === 'string' && code.random.oneIn(2)) code.op('select')
  else code.op('select_t', [type])
}

/** Something about a reference, as an i32. */
function question(code: Code): void {
  const { random, shape } = code
  const references = shape.valueTypes.filter((type): type is RefType => typeof type === 'object' && type.nullable)
  code.value(references.length > 0 ? random.pick(references) : FUNCREF)
  code.op('ref.is_null')
}

function size(code: Code, type: NumType): boolean {
  const { random, shape } = code
  const memories = shape.memories.flatMap(({ address: of }, index) => (of === type ? [index] : []))
  const tables = shape.tables.flatMap(({ address: of }, index) => (of === type ? [index] : []))
  if (memories.length > 0 && random.oneIn(2)) {
    const memory = random.pick(memories)
    if (random.oneIn(2)) return emit(code, 'memory.size', memory)
    code.value(type)
    code.op(`${type}.const`, type === 'i32' ? 3 : 3n)
    code.op(`${type}.and`)
    return emit(code, 'memory.grow', memory)
  }
  if (tables.length === 0) return false
  const table = random.pick(tables)
  if (random.oneIn(2)) return emit(code, 'table.size', table)
  code.value(shape.tables[table]?.element ?? FUNCREF)
  code.op(`${type}.const`, type === 'i32' ? random.below(100) : BigInt(random.below(100)))
  return emit(code, 'table.grow', table)
}

function emit(code: Code, name: string, index: number): true {
  code.op(name, index)
  return true
}

/** An operator with its operands. */
export function compute(code: Code, type: NumType): void {
  const { random, shape } = code
  const vectors = shape.valueTypes.includes('v128') || type === 'v128'
  const operators = (vectors ? BY_RESULT : SCALAR_BY_RESULT).get(type) ?? []
  const relaxed = shape.features.relaxedSimd
  operate(code, random.pick(relaxed ? operators : operators.filter((each) => !each.relaxed)))
}

function operate(code: Code, { name, takes, gives, lanes, makesNaN }: Operator): void {
  for (const type of takes) code.value(type)
  // Most divisors are odd: a division by zero ends the whole call
  if (/^i(32|64)\.(div|rem)/.test(name) && !code.random.oneIn(12)) {
    code.op(`${gives}.const`, gives === 'i32' ? 1 : 1n)
    code.op(`${gives}.or`)
  }
  // And most conversions do not trap
  const safe = /^(i\d\d)\.trunc_(f\d\d_[su])$/.exec(name)
  if (safe !== null && !code.random.oneIn(12)) return code.op(`${safe[1]}.trunc_sat_${safe[2]}`)
  if (lanes > 0) code.op(name, code.random.below(lanes))
  else code.op(name)
  if (makesNaN) withoutNaN(code, gives, name)
}

/**
 * The bits of a NaN that arithmetic makes may differ between V8's two compilers, and a guarded function need not be compiled by the same
 * one as the raw. So none gets away: zero takes its place.
 */
function withoutNaN(code: Code, type: NumType, name: string): void {
  const local = code.local(type, true)
  code.op('local.tee', local)
  if (type === 'v128') {
    code.op('local.get', local)
    code.op('local.get', local)
    code.op(name.startsWith('f32x4') ? 'f32x4.eq' : 'f64x2.eq')
    return code.op('v128.and')
  }
  code.op(`${type}.const`, 0)
  code.op('local.get', local)
  code.op('local.get', local)
  code.op(`${type}.eq`)
  code.op('select')
}
