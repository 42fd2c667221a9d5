/** All instructions that only compute, with what they take and give. Read off the names in the table of instructions. */
import { OPCODES } from '../../../../src/wasm/opcodes.ts'
import type { NumType } from '../../../../src/wasm/types.ts'

export interface Operator {
  readonly name: string
  readonly takes: readonly NumType[]
  readonly gives: NumType
  /** How many values the lane immediate may have, if there is one. */
  readonly lanes: number
  /** Can it make a NaN, whose bits may depend on the compiler's tier? */
  readonly makesNaN: boolean
  readonly relaxed: boolean
}

const CONVERSION = /^\w+\.(?:wrap|extend|convert|trunc|trunc_sat|demote|promote|reinterpret)_(i32|i64|f32|f64)(?:_[su])?$/
const COMPARISON = /^(?:eq|ne|[lg][te])(?:_[su])?$/
const UNARY = /^(?:clz|ctz|popcnt|abs|neg|ceil|floor|trunc|nearest|sqrt|extend\d+_s)$/
const UNARY_VECTOR =
  /^(?:abs|neg|ceil|floor|trunc|nearest|sqrt|popcnt|not|ext(?:add_pairwise|end)_.*|convert.*|trunc_sat.*|demote.*|promote.*|relaxed_trunc.*)$/
const NAN_MAKERS = /^[fF]\w+\.(?:relaxed_)?(?:add|sub|mul|div|sqrt|min|max|ceil|floor|trunc|nearest|demote\w*|promote\w*|n?madd)$/
const LANES: Readonly<Record<string, number>> = { i8x16: 16, i16x8: 8, i32x4: 4, i64x2: 2, f32x4: 4, f64x2: 2 }
const LANE_TYPES: Readonly<Record<string, NumType>> = { i8x16: 'i32', i16x8: 'i32', i32x4: 'i32', i64x2: 'i64', f32x4: 'f32', f64x2: 'f64' }

function operator(name: string, relaxed: boolean): Operator | undefined {
  const [of, what] = name.split('.') as [string, string]
  const rest = { name, lanes: 0, makesNaN: NAN_MAKERS.test(name), relaxed }
  if (of === 'v128' || of in LANES) {
    const shape = vector(of, what)
    return shape === undefined ? undefined : { ...rest, ...shape }
  }
  const type = of as NumType
  const from = CONVERSION.exec(name)?.[1] as NumType | undefined
  if (from !== undefined) return { ...rest, takes: [from], gives: type }
  if (what === 'eqz') return { ...rest, takes: [type], gives: 'i32' }
  if (COMPARISON.test(what)) return { ...rest, takes: [type, type], gives: 'i32' }
  return { ...rest, takes: UNARY.test(what) ? [type] : [type, type], gives: type }
}

function vector(of: string, what: string): Pick<Operator, 'takes' | 'gives'> & { lanes?: number } {
  const lane = LANE_TYPES[of] as NumType
  if (what === 'splat') return { takes: [lane], gives: 'v128' }
  if (what.startsWith('extract_lane')) return { takes: ['v128'], gives: lane, lanes: LANES[of] as number }
  if (what === 'replace_lane') return { takes: ['v128', lane], gives: 'v128', lanes: LANES[of] as number }
  if (/^(?:any_true|all_true|bitmask)$/.test(what)) return { takes: ['v128'], gives: 'i32' }
  if (/^sh[lr]/.test(what)) return { takes: ['v128', 'i32'], gives: 'v128' }
  if (/bitselect|laneselect|madd|_add_s$/.test(what)) return { takes: ['v128', 'v128', 'v128'], gives: 'v128' }
  return { takes: UNARY_VECTOR.test(what) ? ['v128'] : ['v128', 'v128'], gives: 'v128' }
}

const COMPUTES = OPCODES.filter(({ prefix, code, immediates, name }) => {
  if (/const|load|store|shuffle/.test(name)) return false
  if (prefix === 0) return code >= 0x45 && code <= 0xc4
  if (prefix === 0xfc) return code <= 0x07
  return prefix === 0xfd && (immediates.length === 0 || immediates[0] === 'lane')
})

export const OPERATORS: readonly Operator[] = COMPUTES.map(({ name, feature }) => operator(name, feature === 'relaxed-simd')).filter(
  (each) => each !== undefined,
)

/** By the type of what they give. */
export const BY_RESULT: ReadonlyMap<NumType, readonly Operator[]> = new Map(
  (['i32', 'i64', 'f32', 'f64', 'v128'] as const).map((type) => [type, OPERATORS.filter(({ gives }) => gives === type)]),
)

/** Those without vectors. */
export const SCALAR_BY_RESULT: ReadonlyMap<NumType, readonly Operator[]> = new Map(
  [...BY_RESULT].map(([type, operators]) => [type, operators.filter(({ takes }) => !takes.includes('v128'))]),
)
