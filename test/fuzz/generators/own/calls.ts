/** Calls of every kind. Who calls upwards only, towards functions that come later, ends by itself; other calls use up gas first. */
import type { FuncType, ValType } from '../../../../src/wasm/types.ts'
import type { Code } from './code.ts'
import { leaf } from './constants.ts'
import { address } from './memory.ts'
import { sameType, sameTypes } from './types.ts'

/** Pushes a value of the type by calling something. False if nothing fits. */
export function callValue(code: Code, type: ValType): boolean {
  const { random } = code
  if (code.self.role === 'leaf') return false
  const giving = [...code.functions.keys()].filter((index) => code.functions[index]?.type.results.some((result) => sameType(result, type)))
  if (giving.length === 0) return false
  const index = random.pick(giving)
  const callee = code.functions[index] as (typeof code.functions)[number]
  limited(code, index, callee.type.results, () => call(code, index))
  keepOne(code, callee.type.results, type)
  return true
}

/** Calls something, for what it does. */
export function callStatement(code: Code): void {
  if (code.self.role === 'leaf') return
  const index = code.random.below(code.functions.length)
  const { results } = (code.functions[index] as (typeof code.functions)[number]).type
  limited(code, index, results, () => call(code, index))
  code.absorbAll(results)
}

/** A call of a function that comes later, or that JavaScript has, is free; of others, and of who knows whom, it takes gas. */
function limited(code: Code, index: number, results: readonly ValType[], then: () => void): void {
  const isFree = (index > code.index || index < code.shape.importedFunctions.length) && code.random.oneIn(2)
  if (isFree) {
    const { type } = code.functions[index] as (typeof code.functions)[number]
    code.values(type.params)
    return code.op('call', index)
  }
  code.takeGas()
  code.block('if', [], results, () => {
    then()
    code.op('else')
    for (const type of results) leaf(code, type)
  })
}

/** A call of a signature: by index, through a table, or by reference. */
function call(code: Code, index: number): void {
  const { type, typeIndex } = code.functions[index] as (typeof code.functions)[number]
  const kind = code.random.below(10)
  if (kind < 2 && viaTable(code, type, typeIndex, 'call_indirect')) return
  if (kind === 2 && code.shape.features.typedReferences) {
    code.values(type.params)
    code.value({ nullable: code.random.oneIn(8), heap: typeIndex })
    return code.op('call_ref', typeIndex)
  }
  code.values(type.params)
  code.op('call', index)
}

function viaTable(code: Code, type: FuncType, typeIndex: number, name: string): boolean {
  const { random, shape } = code
  const tables = shape.tables.flatMap(({ element }, index) => {
    const fits = element.heap === 'func' || element.heap === typeIndex
    return fits ? [index] : []
  })
  if (tables.length === 0) return false
  const table = random.pick(tables)
  code.values(type.params)
  address(code, shape.tables[table]?.address ?? 'i32', shape.tables[table]?.minimum ?? 0)
  code.op(name, typeIndex, table)
  return true
}

/** Of values on the stack, leaves the last one of a type. */
function keepOne(code: Code, types: readonly ValType[], type: ValType): void {
  const at = types.findLastIndex((each) => sameType(each, type))
  code.absorbAll(types.slice(at + 1))
  if (at === 0) return
  const isKept = typeof type === 'string' || type.nullable
  if (!isKept) {
    // There is no local for it: it comes from elsewhere
    code.op('drop')
    code.absorbAll(types.slice(0, at))
    return leaf(code, type)
  }
  const local = code.local(type, true)
  code.op('local.set', local)
  code.absorbAll(types.slice(0, at))
  code.op('local.get', local)
}

/** `return_call` and its like, under a condition and while there is gas. */
export function tailCall(code: Code): void {
  const { random, shape } = code
  if (!shape.features.tailCalls || code.self.role === 'leaf') return
  const fitting = [...code.functions.keys()].filter((index) => sameTypes(code.functions[index]?.type.results ?? [], code.self.type.results))
  const index = random.pick(fitting)
  const { type, typeIndex } = code.functions[index] as (typeof code.functions)[number]
  code.takeGas()
  code.block('if', [], [], () => {
    const kind = random.below(6)
    if (kind === 0 && viaTable(code, type, typeIndex, 'return_call_indirect')) return
    code.values(type.params)
    if (kind === 1 && shape.features.typedReferences) {
      code.value({ nullable: false, heap: typeIndex })
      return code.op('return_call_ref', typeIndex)
    }
    code.op('return_call', index)
  })
}
