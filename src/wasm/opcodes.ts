/**
 * The one table of all instructions: name, encoding, immediates, control effect, feature and cost class.
 * Decoding, encoding, costs and printing are driven by it; an instruction that is not here is refused.
 *
 * Rows list names in the order of their codes, `_` for a code without an instruction.
 * Three instructions share a text name with another and differ in their immediates only; here they are
 * `select_t`, `ref.test_null` and `ref.cast_null`.
 */

/** What follows an instruction's opcode. */
export type Immediate =
  | 'block' // block type
  | 'label'
  | 'labels' // of br_table, the default last
  | 'func'
  | 'type'
  | 'table'
  | 'memory'
  | 'global'
  | 'local'
  | 'tag'
  | 'elem'
  | 'data'
  | 'memarg' // alignment, memory and offset
  | 'field' // of the struct type before it
  | 'i32'
  | 'i64'
  | 'f32'
  | 'f64'
  | 'v128'
  | 'lane'
  | 'lanes16'
  | 'valtypes' // of a typed select
  | 'heap'
  | 'castflags' // which of the two types of a br_on_cast are nullable
  | 'count'
  | 'catches' // of try_table
  | 'ordering' // of atomic.fence: a zero byte

/** What an instruction does to control flow. */
export type Control =
  | 'none'
  | 'block'
  | 'loop'
  | 'if'
  | 'else'
  | 'end'
  | 'try'
  | 'catch'
  | 'catch_all'
  | 'delegate'
  | 'try_table'
  | 'br'
  | 'br_if' // every conditional branch, br_on_* included
  | 'br_table'
  | 'return'
  | 'call'
  | 'return_call'
  | 'throw'
  | 'unreachable'

/** The proposal that brought an instruction. Those of `gc` allocate nothing on the heap; those of `gc-heap` do, or access it. */
export type Feature =
  | 'mvp'
  | 'sign-extension'
  | 'saturating-float'
  | 'bulk-memory'
  | 'reference-types'
  | 'simd'
  | 'relaxed-simd'
  | 'tail-calls'
  | 'typed-references'
  | 'gc'
  | 'gc-heap'
  | 'exceptions-legacy'
  | 'exceptions'
  | 'atomics'

/** What an instruction costs at worst, by order of magnitude. */
export type CostClass =
  | 'free' // only structures code
  | 'simple'
  | 'multiply'
  | 'divide'
  | 'float'
  | 'float-divide'
  | 'convert'
  | 'simd-slow'
  | 'load'
  | 'store'
  | 'atomic'
  | 'wait'
  | 'global'
  | 'table'
  | 'branch'
  | 'br_table'
  | 'call'
  | 'call-indirect'
  | 'throw'
  | 'bulk-memory'
  | 'bulk-table'
  | 'bulk-array'
  | 'grow'
  | 'size'
  | 'reference'
  | 'cast'
  | 'allocate'

export interface Opcode {
  /** Dense: its index in `OPCODES`. */
  readonly id: number
  readonly name: string
  /** 0 for instructions of one byte. */
  readonly prefix: number
  /** The byte, or what follows the prefix byte. */
  readonly code: number
  readonly immediates: readonly Immediate[]
  readonly control: Control
  readonly feature: Feature
  readonly cost: CostClass
}

const opcodes: Opcode[] = []

/** All instructions, ordered by prefix and code. */
export const OPCODES: readonly Opcode[] = opcodes

function row(
  prefix: number,
  first: number,
  feature: Feature,
  cost: CostClass,
  names: string,
  immediates: readonly Immediate[] = [],
  control: Control = 'none',
) {
  for (const [step, name] of names.trim().split(/\s+/).entries()) {
    if (name !== '_') opcodes.push({ id: opcodes.length, name, prefix, code: first + step, immediates, control, feature, cost })
  }
}

// Control
row(0, 0x00, 'mvp', 'free', 'unreachable', [], 'unreachable')
row(0, 0x01, 'mvp', 'free', 'nop')
row(0, 0x02, 'mvp', 'free', 'block', ['block'], 'block')
row(0, 0x03, 'mvp', 'free', 'loop', ['block'], 'loop')
row(0, 0x04, 'mvp', 'branch', 'if', ['block'], 'if')
row(0, 0x05, 'mvp', 'free', 'else', [], 'else')
row(0, 0x06, 'exceptions-legacy', 'free', 'try', ['block'], 'try')
row(0, 0x07, 'exceptions-legacy', 'free', 'catch', ['tag'], 'catch')
row(0, 0x08, 'exceptions', 'throw', 'throw', ['tag'], 'throw')
row(0, 0x09, 'exceptions-legacy', 'throw', 'rethrow', ['label'], 'throw')
row(0, 0x0a, 'exceptions', 'throw', 'throw_ref', [], 'throw')
row(0, 0x0b, 'mvp', 'free', 'end', [], 'end')
row(0, 0x0c, 'mvp', 'branch', 'br', ['label'], 'br')
row(0, 0x0d, 'mvp', 'branch', 'br_if', ['label'], 'br_if')
row(0, 0x0e, 'mvp', 'br_table', 'br_table', ['labels'], 'br_table')
row(0, 0x0f, 'mvp', 'branch', 'return', [], 'return')
row(0, 0x10, 'mvp', 'call', 'call', ['func'], 'call')
row(0, 0x11, 'mvp', 'call-indirect', 'call_indirect', ['type', 'table'], 'call')
row(0, 0x12, 'tail-calls', 'call', 'return_call', ['func'], 'return_call')
row(0, 0x13, 'tail-calls', 'call-indirect', 'return_call_indirect', ['type', 'table'], 'return_call')
row(0, 0x14, 'typed-references', 'call-indirect', 'call_ref', ['type'], 'call')
row(0, 0x15, 'typed-references', 'call-indirect', 'return_call_ref', ['type'], 'return_call')
row(0, 0x18, 'exceptions-legacy', 'free', 'delegate', ['label'], 'delegate')
row(0, 0x19, 'exceptions-legacy', 'free', 'catch_all', [], 'catch_all')

// Values, variables, tables
row(0, 0x1a, 'mvp', 'free', 'drop')
row(0, 0x1b, 'mvp', 'simple', 'select')
row(0, 0x1c, 'reference-types', 'simple', 'select_t', ['valtypes'])
row(0, 0x1f, 'exceptions', 'free', 'try_table', ['block', 'catches'], 'try_table')
row(0, 0x20, 'mvp', 'simple', 'local.get local.set local.tee', ['local'])
row(0, 0x23, 'mvp', 'global', 'global.get global.set', ['global'])
row(0, 0x25, 'reference-types', 'table', 'table.get table.set', ['table'])

// Memory
row(0, 0x28, 'mvp', 'load', 'i32.load i64.load f32.load f64.load i32.load8_s i32.load8_u i32.load16_s i32.load16_u', ['memarg'])
row(0, 0x30, 'mvp', 'load', 'i64.load8_s i64.load8_u i64.load16_s i64.load16_u i64.load32_s i64.load32_u', ['memarg'])
row(0, 0x36, 'mvp', 'store', 'i32.store i64.store f32.store f64.store i32.store8 i32.store16 i64.store8 i64.store16 i64.store32', ['memarg'])
row(0, 0x3f, 'mvp', 'size', 'memory.size', ['memory'])
row(0, 0x40, 'mvp', 'grow', 'memory.grow', ['memory'])

// Constants and arithmetic
row(0, 0x41, 'mvp', 'simple', 'i32.const', ['i32'])
row(0, 0x42, 'mvp', 'simple', 'i64.const', ['i64'])
row(0, 0x43, 'mvp', 'simple', 'f32.const', ['f32'])
row(0, 0x44, 'mvp', 'simple', 'f64.const', ['f64'])
row(0, 0x45, 'mvp', 'simple', 'i32.eqz i32.eq i32.ne i32.lt_s i32.lt_u i32.gt_s i32.gt_u i32.le_s i32.le_u i32.ge_s i32.ge_u')
row(0, 0x50, 'mvp', 'simple', 'i64.eqz i64.eq i64.ne i64.lt_s i64.lt_u i64.gt_s i64.gt_u i64.le_s i64.le_u i64.ge_s i64.ge_u')
row(0, 0x5b, 'mvp', 'float', 'f32.eq f32.ne f32.lt f32.gt f32.le f32.ge f64.eq f64.ne f64.lt f64.gt f64.le f64.ge')
row(0, 0x67, 'mvp', 'simple', 'i32.clz i32.ctz i32.popcnt i32.add i32.sub')
row(0, 0x6c, 'mvp', 'multiply', 'i32.mul')
row(0, 0x6d, 'mvp', 'divide', 'i32.div_s i32.div_u i32.rem_s i32.rem_u')
row(0, 0x71, 'mvp', 'simple', 'i32.and i32.or i32.xor i32.shl i32.shr_s i32.shr_u i32.rotl i32.rotr')
row(0, 0x79, 'mvp', 'simple', 'i64.clz i64.ctz i64.popcnt i64.add i64.sub')
row(0, 0x7e, 'mvp', 'multiply', 'i64.mul')
row(0, 0x7f, 'mvp', 'divide', 'i64.div_s i64.div_u i64.rem_s i64.rem_u')
row(0, 0x83, 'mvp', 'simple', 'i64.and i64.or i64.xor i64.shl i64.shr_s i64.shr_u i64.rotl i64.rotr')
row(0, 0x8b, 'mvp', 'float', 'f32.abs f32.neg f32.ceil f32.floor f32.trunc f32.nearest')
row(0, 0x91, 'mvp', 'float-divide', 'f32.sqrt')
row(0, 0x92, 'mvp', 'float', 'f32.add f32.sub f32.mul')
row(0, 0x95, 'mvp', 'float-divide', 'f32.div')
row(0, 0x96, 'mvp', 'float', 'f32.min f32.max f32.copysign')
row(0, 0x99, 'mvp', 'float', 'f64.abs f64.neg f64.ceil f64.floor f64.trunc f64.nearest')
row(0, 0x9f, 'mvp', 'float-divide', 'f64.sqrt')
row(0, 0xa0, 'mvp', 'float', 'f64.add f64.sub f64.mul')
row(0, 0xa3, 'mvp', 'float-divide', 'f64.div')
row(0, 0xa4, 'mvp', 'float', 'f64.min f64.max f64.copysign')
row(0, 0xa7, 'mvp', 'simple', 'i32.wrap_i64')
row(0, 0xa8, 'mvp', 'convert', 'i32.trunc_f32_s i32.trunc_f32_u i32.trunc_f64_s i32.trunc_f64_u')
row(0, 0xac, 'mvp', 'simple', 'i64.extend_i32_s i64.extend_i32_u')
row(0, 0xae, 'mvp', 'convert', 'i64.trunc_f32_s i64.trunc_f32_u i64.trunc_f64_s i64.trunc_f64_u')
row(0, 0xb2, 'mvp', 'convert', 'f32.convert_i32_s f32.convert_i32_u f32.convert_i64_s f32.convert_i64_u f32.demote_f64')
row(0, 0xb7, 'mvp', 'convert', 'f64.convert_i32_s f64.convert_i32_u f64.convert_i64_s f64.convert_i64_u f64.promote_f32')
row(0, 0xbc, 'mvp', 'simple', 'i32.reinterpret_f32 i64.reinterpret_f64 f32.reinterpret_i32 f64.reinterpret_i64')
row(0, 0xc0, 'sign-extension', 'simple', 'i32.extend8_s i32.extend16_s i64.extend8_s i64.extend16_s i64.extend32_s')

// References
row(0, 0xd0, 'reference-types', 'reference', 'ref.null', ['heap'])
row(0, 0xd1, 'reference-types', 'reference', 'ref.is_null')
row(0, 0xd2, 'reference-types', 'reference', 'ref.func', ['func'])
row(0, 0xd3, 'gc', 'reference', 'ref.eq')
row(0, 0xd4, 'typed-references', 'reference', 'ref.as_non_null')
row(0, 0xd5, 'typed-references', 'branch', 'br_on_null', ['label'], 'br_if')
row(0, 0xd6, 'typed-references', 'branch', 'br_on_non_null', ['label'], 'br_if')

// Structs, arrays, casts
row(0xfb, 0x00, 'gc-heap', 'allocate', 'struct.new struct.new_default', ['type'])
row(0xfb, 0x02, 'gc-heap', 'load', 'struct.get struct.get_s struct.get_u', ['type', 'field'])
row(0xfb, 0x05, 'gc-heap', 'store', 'struct.set', ['type', 'field'])
row(0xfb, 0x06, 'gc-heap', 'allocate', 'array.new array.new_default', ['type'])
row(0xfb, 0x08, 'gc-heap', 'allocate', 'array.new_fixed', ['type', 'count'])
row(0xfb, 0x09, 'gc-heap', 'allocate', 'array.new_data', ['type', 'data'])
row(0xfb, 0x0a, 'gc-heap', 'allocate', 'array.new_elem', ['type', 'elem'])
row(0xfb, 0x0b, 'gc-heap', 'load', 'array.get array.get_s array.get_u', ['type'])
row(0xfb, 0x0e, 'gc-heap', 'store', 'array.set', ['type'])
row(0xfb, 0x0f, 'gc-heap', 'size', 'array.len')
row(0xfb, 0x10, 'gc-heap', 'bulk-array', 'array.fill', ['type'])
row(0xfb, 0x11, 'gc-heap', 'bulk-array', 'array.copy', ['type', 'type'])
row(0xfb, 0x12, 'gc-heap', 'bulk-array', 'array.init_data', ['type', 'data'])
row(0xfb, 0x13, 'gc-heap', 'bulk-array', 'array.init_elem', ['type', 'elem'])
row(0xfb, 0x14, 'gc', 'cast', 'ref.test ref.test_null ref.cast ref.cast_null', ['heap'])
row(0xfb, 0x18, 'gc', 'cast', 'br_on_cast br_on_cast_fail', ['castflags', 'label', 'heap', 'heap'], 'br_if')
row(0xfb, 0x1a, 'gc', 'cast', 'any.convert_extern extern.convert_any')
row(0xfb, 0x1c, 'gc', 'reference', 'ref.i31 i31.get_s i31.get_u')

// Saturating conversions, bulk operations
row(0xfc, 0x00, 'saturating-float', 'convert', 'i32.trunc_sat_f32_s i32.trunc_sat_f32_u i32.trunc_sat_f64_s i32.trunc_sat_f64_u')
row(0xfc, 0x04, 'saturating-float', 'convert', 'i64.trunc_sat_f32_s i64.trunc_sat_f32_u i64.trunc_sat_f64_s i64.trunc_sat_f64_u')
row(0xfc, 0x08, 'bulk-memory', 'bulk-memory', 'memory.init', ['data', 'memory'])
row(0xfc, 0x09, 'bulk-memory', 'simple', 'data.drop', ['data'])
row(0xfc, 0x0a, 'bulk-memory', 'bulk-memory', 'memory.copy', ['memory', 'memory'])
row(0xfc, 0x0b, 'bulk-memory', 'bulk-memory', 'memory.fill', ['memory'])
row(0xfc, 0x0c, 'bulk-memory', 'bulk-table', 'table.init', ['elem', 'table'])
row(0xfc, 0x0d, 'bulk-memory', 'simple', 'elem.drop', ['elem'])
row(0xfc, 0x0e, 'bulk-memory', 'bulk-table', 'table.copy', ['table', 'table'])
row(0xfc, 0x0f, 'reference-types', 'grow', 'table.grow', ['table'])
row(0xfc, 0x10, 'reference-types', 'size', 'table.size', ['table'])
row(0xfc, 0x11, 'reference-types', 'bulk-table', 'table.fill', ['table'])

// SIMD: memory
row(0xfd, 0x00, 'simd', 'load', 'v128.load', ['memarg'])
row(0xfd, 0x01, 'simd', 'load', 'v128.load8x8_s v128.load8x8_u v128.load16x4_s v128.load16x4_u v128.load32x2_s v128.load32x2_u', ['memarg'])
row(0xfd, 0x07, 'simd', 'load', 'v128.load8_splat v128.load16_splat v128.load32_splat v128.load64_splat', ['memarg'])
row(0xfd, 0x0b, 'simd', 'store', 'v128.store', ['memarg'])

// SIMD: constants, lanes
row(0xfd, 0x0c, 'simd', 'simple', 'v128.const', ['v128'])
row(0xfd, 0x0d, 'simd', 'simd-slow', 'i8x16.shuffle', ['lanes16'])
row(0xfd, 0x0e, 'simd', 'simd-slow', 'i8x16.swizzle')
row(0xfd, 0x0f, 'simd', 'simple', 'i8x16.splat i16x8.splat i32x4.splat i64x2.splat f32x4.splat f64x2.splat')
row(0xfd, 0x15, 'simd', 'simple', 'i8x16.extract_lane_s i8x16.extract_lane_u i8x16.replace_lane', ['lane'])
row(0xfd, 0x18, 'simd', 'simple', 'i16x8.extract_lane_s i16x8.extract_lane_u i16x8.replace_lane', ['lane'])
row(0xfd, 0x1b, 'simd', 'simple', 'i32x4.extract_lane i32x4.replace_lane i64x2.extract_lane i64x2.replace_lane', ['lane'])
row(0xfd, 0x1f, 'simd', 'simple', 'f32x4.extract_lane f32x4.replace_lane f64x2.extract_lane f64x2.replace_lane', ['lane'])

// SIMD: comparisons, bits
row(0xfd, 0x23, 'simd', 'simple', 'i8x16.eq i8x16.ne i8x16.lt_s i8x16.lt_u i8x16.gt_s i8x16.gt_u i8x16.le_s i8x16.le_u i8x16.ge_s i8x16.ge_u')
row(0xfd, 0x2d, 'simd', 'simple', 'i16x8.eq i16x8.ne i16x8.lt_s i16x8.lt_u i16x8.gt_s i16x8.gt_u i16x8.le_s i16x8.le_u i16x8.ge_s i16x8.ge_u')
row(0xfd, 0x37, 'simd', 'simple', 'i32x4.eq i32x4.ne i32x4.lt_s i32x4.lt_u i32x4.gt_s i32x4.gt_u i32x4.le_s i32x4.le_u i32x4.ge_s i32x4.ge_u')
row(0xfd, 0x41, 'simd', 'float', 'f32x4.eq f32x4.ne f32x4.lt f32x4.gt f32x4.le f32x4.ge f64x2.eq f64x2.ne f64x2.lt f64x2.gt f64x2.le f64x2.ge')
row(0xfd, 0x4d, 'simd', 'simple', 'v128.not v128.and v128.andnot v128.or v128.xor v128.bitselect v128.any_true')
row(0xfd, 0x54, 'simd', 'load', 'v128.load8_lane v128.load16_lane v128.load32_lane v128.load64_lane', ['memarg', 'lane'])
row(0xfd, 0x58, 'simd', 'store', 'v128.store8_lane v128.store16_lane v128.store32_lane v128.store64_lane', ['memarg', 'lane'])
row(0xfd, 0x5c, 'simd', 'load', 'v128.load32_zero v128.load64_zero', ['memarg'])
row(0xfd, 0x5e, 'simd', 'convert', 'f32x4.demote_f64x2_zero f64x2.promote_low_f32x4')

// SIMD: 8-bit lanes, and some float ones in between
row(0xfd, 0x60, 'simd', 'simple', 'i8x16.abs i8x16.neg')
row(0xfd, 0x62, 'simd', 'simd-slow', 'i8x16.popcnt')
row(0xfd, 0x63, 'simd', 'simple', 'i8x16.all_true i8x16.bitmask i8x16.narrow_i16x8_s i8x16.narrow_i16x8_u')
row(0xfd, 0x67, 'simd', 'float', 'f32x4.ceil f32x4.floor f32x4.trunc f32x4.nearest')
row(0xfd, 0x6b, 'simd', 'simd-slow', 'i8x16.shl i8x16.shr_s i8x16.shr_u')
row(0xfd, 0x6e, 'simd', 'simple', 'i8x16.add i8x16.add_sat_s i8x16.add_sat_u i8x16.sub i8x16.sub_sat_s i8x16.sub_sat_u')
row(0xfd, 0x74, 'simd', 'float', 'f64x2.ceil f64x2.floor')
row(0xfd, 0x76, 'simd', 'simple', 'i8x16.min_s i8x16.min_u i8x16.max_s i8x16.max_u')
row(0xfd, 0x7a, 'simd', 'float', 'f64x2.trunc')
row(0xfd, 0x7b, 'simd', 'simple', 'i8x16.avgr_u')
row(0xfd, 0x7c, 'simd', 'multiply', 'i16x8.extadd_pairwise_i8x16_s i16x8.extadd_pairwise_i8x16_u i32x4.extadd_pairwise_i16x8_s i32x4.extadd_pairwise_i16x8_u')

// SIMD: 16-bit lanes
row(0xfd, 0x80, 'simd', 'simple', 'i16x8.abs i16x8.neg')
row(0xfd, 0x82, 'simd', 'multiply', 'i16x8.q15mulr_sat_s')
row(0xfd, 0x83, 'simd', 'simple', 'i16x8.all_true i16x8.bitmask i16x8.narrow_i32x4_s i16x8.narrow_i32x4_u')
row(0xfd, 0x87, 'simd', 'simple', 'i16x8.extend_low_i8x16_s i16x8.extend_high_i8x16_s i16x8.extend_low_i8x16_u i16x8.extend_high_i8x16_u')
row(0xfd, 0x8b, 'simd', 'simple', 'i16x8.shl i16x8.shr_s i16x8.shr_u i16x8.add i16x8.add_sat_s i16x8.add_sat_u i16x8.sub i16x8.sub_sat_s i16x8.sub_sat_u')
row(0xfd, 0x94, 'simd', 'float', 'f64x2.nearest')
row(0xfd, 0x95, 'simd', 'multiply', 'i16x8.mul')
row(0xfd, 0x96, 'simd', 'simple', 'i16x8.min_s i16x8.min_u i16x8.max_s i16x8.max_u _ i16x8.avgr_u')
row(0xfd, 0x9c, 'simd', 'multiply', 'i16x8.extmul_low_i8x16_s i16x8.extmul_high_i8x16_s i16x8.extmul_low_i8x16_u i16x8.extmul_high_i8x16_u')

// SIMD: 32-bit lanes
row(0xfd, 0xa0, 'simd', 'simple', 'i32x4.abs i32x4.neg _ i32x4.all_true i32x4.bitmask')
row(0xfd, 0xa7, 'simd', 'simple', 'i32x4.extend_low_i16x8_s i32x4.extend_high_i16x8_s i32x4.extend_low_i16x8_u i32x4.extend_high_i16x8_u')
row(0xfd, 0xab, 'simd', 'simple', 'i32x4.shl i32x4.shr_s i32x4.shr_u i32x4.add _ _ i32x4.sub')
row(0xfd, 0xb5, 'simd', 'multiply', 'i32x4.mul')
row(0xfd, 0xb6, 'simd', 'simple', 'i32x4.min_s i32x4.min_u i32x4.max_s i32x4.max_u')
row(0xfd, 0xba, 'simd', 'multiply', 'i32x4.dot_i16x8_s')
row(0xfd, 0xbc, 'simd', 'multiply', 'i32x4.extmul_low_i16x8_s i32x4.extmul_high_i16x8_s i32x4.extmul_low_i16x8_u i32x4.extmul_high_i16x8_u')

// SIMD: 64-bit lanes
row(0xfd, 0xc0, 'simd', 'simple', 'i64x2.abs i64x2.neg _ i64x2.all_true i64x2.bitmask')
row(0xfd, 0xc7, 'simd', 'simple', 'i64x2.extend_low_i32x4_s i64x2.extend_high_i32x4_s i64x2.extend_low_i32x4_u i64x2.extend_high_i32x4_u')
row(0xfd, 0xcb, 'simd', 'simple', 'i64x2.shl')
row(0xfd, 0xcc, 'simd', 'simd-slow', 'i64x2.shr_s')
row(0xfd, 0xcd, 'simd', 'simple', 'i64x2.shr_u i64x2.add _ _ i64x2.sub')
row(0xfd, 0xd5, 'simd', 'simd-slow', 'i64x2.mul')
row(0xfd, 0xd6, 'simd', 'simple', 'i64x2.eq i64x2.ne i64x2.lt_s i64x2.gt_s i64x2.le_s i64x2.ge_s')
row(0xfd, 0xdc, 'simd', 'multiply', 'i64x2.extmul_low_i32x4_s i64x2.extmul_high_i32x4_s i64x2.extmul_low_i32x4_u i64x2.extmul_high_i32x4_u')

// SIMD: floats
row(0xfd, 0xe0, 'simd', 'float', 'f32x4.abs f32x4.neg')
row(0xfd, 0xe3, 'simd', 'simd-slow', 'f32x4.sqrt')
row(0xfd, 0xe4, 'simd', 'float', 'f32x4.add f32x4.sub f32x4.mul')
row(0xfd, 0xe7, 'simd', 'simd-slow', 'f32x4.div')
row(0xfd, 0xe8, 'simd', 'float', 'f32x4.min f32x4.max f32x4.pmin f32x4.pmax')
row(0xfd, 0xec, 'simd', 'float', 'f64x2.abs f64x2.neg')
row(0xfd, 0xef, 'simd', 'simd-slow', 'f64x2.sqrt')
row(0xfd, 0xf0, 'simd', 'float', 'f64x2.add f64x2.sub f64x2.mul')
row(0xfd, 0xf3, 'simd', 'simd-slow', 'f64x2.div')
row(0xfd, 0xf4, 'simd', 'float', 'f64x2.min f64x2.max f64x2.pmin f64x2.pmax')
row(0xfd, 0xf8, 'simd', 'convert', 'i32x4.trunc_sat_f32x4_s i32x4.trunc_sat_f32x4_u f32x4.convert_i32x4_s f32x4.convert_i32x4_u')
row(0xfd, 0xfc, 'simd', 'convert', 'i32x4.trunc_sat_f64x2_s_zero i32x4.trunc_sat_f64x2_u_zero f64x2.convert_low_i32x4_s f64x2.convert_low_i32x4_u')

// Relaxed SIMD
row(0xfd, 0x100, 'relaxed-simd', 'simd-slow', 'i8x16.relaxed_swizzle i32x4.relaxed_trunc_f32x4_s i32x4.relaxed_trunc_f32x4_u')
row(0xfd, 0x103, 'relaxed-simd', 'simd-slow', 'i32x4.relaxed_trunc_f64x2_s_zero i32x4.relaxed_trunc_f64x2_u_zero')
row(0xfd, 0x105, 'relaxed-simd', 'simd-slow', 'f32x4.relaxed_madd f32x4.relaxed_nmadd f64x2.relaxed_madd f64x2.relaxed_nmadd')
row(0xfd, 0x109, 'relaxed-simd', 'simd-slow', 'i8x16.relaxed_laneselect i16x8.relaxed_laneselect i32x4.relaxed_laneselect i64x2.relaxed_laneselect')
row(0xfd, 0x10d, 'relaxed-simd', 'simd-slow', 'f32x4.relaxed_min f32x4.relaxed_max f64x2.relaxed_min f64x2.relaxed_max')
row(0xfd, 0x111, 'relaxed-simd', 'simd-slow', 'i16x8.relaxed_q15mulr_s i16x8.relaxed_dot_i8x16_i7x16_s i32x4.relaxed_dot_i8x16_i7x16_add_s')

// Threads
row(0xfe, 0x00, 'atomics', 'wait', 'memory.atomic.notify memory.atomic.wait32 memory.atomic.wait64', ['memarg'])
row(0xfe, 0x03, 'atomics', 'atomic', 'atomic.fence', ['ordering'])
row(0xfe, 0x10, 'atomics', 'atomic', 'i32.atomic.load i64.atomic.load', ['memarg'])
row(0xfe, 0x12, 'atomics', 'atomic', 'i32.atomic.load8_u i32.atomic.load16_u i64.atomic.load8_u i64.atomic.load16_u i64.atomic.load32_u', ['memarg'])
row(0xfe, 0x17, 'atomics', 'atomic', 'i32.atomic.store i64.atomic.store', ['memarg'])
row(0xfe, 0x19, 'atomics', 'atomic', 'i32.atomic.store8 i32.atomic.store16 i64.atomic.store8 i64.atomic.store16 i64.atomic.store32', ['memarg'])
for (const [step, operation] of ['add', 'sub', 'and', 'or', 'xor', 'xchg', 'cmpxchg'].entries()) {
  const narrow = ['i32.atomic.rmw8', 'i32.atomic.rmw16', 'i64.atomic.rmw8', 'i64.atomic.rmw16', 'i64.atomic.rmw32'].map((width) => `${width}.${operation}_u`)
  row(0xfe, 0x1e + 7 * step, 'atomics', 'atomic', `i32.atomic.rmw.${operation} i64.atomic.rmw.${operation} ${narrow.join(' ')}`, ['memarg'])
}

Object.freeze(opcodes)

const byName = new Map<string, Opcode>(OPCODES.map((entry) => [entry.name, entry]))

/** The instructions of a prefix (0 for none) by code; holes where there is none. */
function byCode(prefix: number): readonly (Opcode | undefined)[] {
  const entries = OPCODES.filter((entry) => entry.prefix === prefix)
  const table: (Opcode | undefined)[] = new Array(Math.max(256, ...entries.map((entry) => entry.code + 1))).fill(undefined)
  for (const entry of entries) table[entry.code] = entry
  return table
}

export const PLAIN_OPCODES = byCode(0)
export const GC_OPCODES = byCode(0xfb)
export const MISC_OPCODES = byCode(0xfc)
export const SIMD_OPCODES = byCode(0xfd)
export const ATOMIC_OPCODES = byCode(0xfe)

/** The instructions of a prefix byte by code, undefined if the byte is not a prefix. */
export function opcodesOf(prefix: number): readonly (Opcode | undefined)[] | undefined {
  if (prefix === 0xfc) return MISC_OPCODES
  if (prefix === 0xfd) return SIMD_OPCODES
  if (prefix === 0xfe) return ATOMIC_OPCODES
  return prefix === 0xfb ? GC_OPCODES : undefined
}

/** The instruction of a name, which must be in the table. */
export function opcode(name: string): Opcode {
  const found = byName.get(name)
  if (found === undefined) throw new RangeError(`no instruction is called ${name}`)
  return found
}
