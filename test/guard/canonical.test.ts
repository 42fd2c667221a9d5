/** With `deterministic`: every NaN that is computed has one form, what only moves is as it was, and what depends on the machine is refused. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LoadError } from '../../src/errors.ts'
import { COMPUTED } from '../../src/guard/canonical.ts'
import { guard } from '../../src/guard/guard.ts'
import { OPERANDS } from '../../src/guard/operands.ts'
import { OPCODES, type Opcode } from '../../src/wasm/opcodes.ts'
import type { ValType } from '../../src/wasm/types.ts'
import { wat } from '../support/wat.ts'
import { build, type Emit } from './build.ts'
import { drive, type Exports } from './drive.ts'

const NAN = { 32: 0x7fc0_0000n, 64: 0x7ff8_0000_0000_0000n } as const
type Size = keyof typeof NAN

/** Bits of plain values, of NaNs of both signs, quiet and signalling, with payloads and without. */
const VALUES: Readonly<Record<Size, readonly bigint[]>> = {
  32: [
    0n,
    0x8000_0000n,
    0x3f80_0000n,
    0xbfc0_0000n,
    1n,
    0x7f7f_ffffn,
    0x7f80_0000n,
    0xff80_0000n,
    0x7fc0_0000n,
    0xffc0_0000n,
    0x7fc1_2345n,
    0xffff_ffffn,
    0x7f80_0001n,
    0xff92_3456n,
  ],
  64: [
    0n,
    0x8000_0000_0000_0000n,
    0x3ff0_0000_0000_0000n,
    0xbff8_0000_0000_0000n,
    1n,
    0x7fef_ffff_ffff_ffffn,
    0x7ff0_0000_0000_0000n,
    0xfff0_0000_0000_0000n,
    0x7ff8_0000_0000_0000n,
    0xfff8_0000_0000_0000n,
    0x7ff8_1234_5678_9abcn,
    0xffff_ffff_ffff_ffffn,
    0x7ff0_0000_0000_0001n,
    0xfff2_3456_789a_bcden,
  ],
}

function isNaNOf(size: Size, bits: bigint): boolean {
  return size === 32 ? (bits & 0x7fff_ffffn) > 0x7f80_0000n : (bits & 0x7fff_ffff_ffff_ffffn) > 0x7ff0_0000_0000_0000n
}

function canonical(size: Size, bits: bigint): bigint {
  return isNaNOf(size, bits) ? NAN[size] : bits
}

const operands = (op: Opcode): number => 1 - (OPERANDS[op.id] as number)
const sizeOf = (type: string): Size => (/32/.test(type) ? 32 : 64)

/** A raw module that must be valid, and the same when it is deterministic. */
function bothWays(bytes: Uint8Array<ArrayBuffer>): { readonly raw: Exports; readonly guarded: Exports } {
  return { raw: new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as Exports, guarded: drive(bytes, { deterministic: true }).exports }
}

// Scalars: bits in, bits out, as integers

/** What an instruction takes and leaves. */
function scalarTypes({ name }: Opcode): readonly [from: 'f32' | 'f64', to: 'f32' | 'f64'] {
  if (name === 'f32.demote_f64') return ['f64', 'f32']
  if (name === 'f64.promote_f32') return ['f32', 'f64']
  return name.startsWith('f32') ? ['f32', 'f32'] : ['f64', 'f64']
}

function scalarModule(op: Opcode): Uint8Array<ArrayBuffer> {
  const [from, to] = scalarTypes(op)
  const wide = (type: string): ValType => (type === 'f32' ? 'i32' : 'i64')
  const body = (emit: Emit) => {
    for (let at = 0; at < operands(op); at++) {
      emit('local.get', at)
      emit(`${from}.reinterpret_${wide(from)}`)
    }
    emit(op.name)
    emit(`${wide(to)}.reinterpret_${to}`)
  }
  return build({ types: [[new Array(operands(op)).fill(wide(from)), [wide(to)]]], functions: [{ body }] })
}

const argument = (size: Size, bits: bigint): number | bigint => (size === 32 ? Number(BigInt.asIntN(32, bits)) : BigInt.asIntN(64, bits))
const bitsOf = (size: Size, value: number | bigint): bigint => BigInt.asUintN(size, BigInt(value))

function* pairs(count: number, values: readonly bigint[]): Generator<readonly bigint[]> {
  for (const a of values) {
    if (count === 1) yield [a]
    else for (const b of values) yield [a, b]
  }
}

const computes = (prefix: RegExp) => OPCODES.filter(({ id, name }) => (COMPUTED[id] as number) > 0 && prefix.test(name))

/** Calls both, and compares bit by bit; returns what the raw one gave. */
function compareScalar(op: Opcode, expected: (size: Size, bits: bigint) => bigint): bigint[] {
  const [from, to] = scalarTypes(op).map(sizeOf) as [Size, Size]
  const { raw, guarded } = bothWays(scalarModule(op))
  const seen: bigint[] = []
  for (const values of pairs(operands(op), VALUES[from])) {
    const given = values.map((bits) => argument(from, bits))
    const plain = bitsOf(to, raw.run(...given))
    assert.equal(bitsOf(to, guarded.run(...given)), expected(to, plain), `${op.name} of ${values.map((bits) => bits.toString(16))}`)
    seen.push(plain)
  }
  return seen
}

for (const op of computes(/^f(32|64)\./)) {
  test(`${op.name} computes one NaN, and everything else as it is`, () => {
    const size = sizeOf(scalarTypes(op)[1])
    const seen = compareScalar(op, canonical)
    assert.ok(
      seen.some((bits) => isNaNOf(size, bits) && bits !== NAN[size]),
      'raw, there are others',
    )
    assert.ok(seen.some((bits) => !isNaNOf(size, bits)))
  })
}

for (const name of ['abs', 'neg', 'copysign'].flatMap((each) => [`f32.${each}`, `f64.${each}`])) {
  const op = OPCODES.find((each) => each.name === name) as Opcode
  test(`${name} only moves bits, those of NaNs too`, () => {
    const size = sizeOf(name)
    const seen = compareScalar(op, (_, bits) => bits)
    assert.ok(seen.some((bits) => isNaNOf(size, bits) && bits !== NAN[size]))
  })
}

// Vectors: two halves in, two halves out, as i64

function vectorModule(name: string, count: number): Uint8Array<ArrayBuffer> {
  const body = (emit: Emit) => {
    for (let at = 0; at < count; at++) {
      emit('local.get', 2 * at)
      emit('i64x2.splat')
      emit('local.get', 2 * at + 1)
      emit('i64x2.replace_lane', 1)
    }
    emit(name)
    emit('local.tee', 2 * count)
    emit('i64x2.extract_lane', 0)
    emit('local.get', 2 * count)
    emit('i64x2.extract_lane', 1)
  }
  return build({ types: [[new Array(2 * count).fill('i64'), ['i64', 'i64']]], functions: [{ locals: [[1, 'v128']], body }] })
}

/** Lanes of a vector from its two halves. */
function lanes(size: Size, halves: readonly bigint[]): bigint[] {
  const wide = halves.map((half) => BigInt.asUintN(64, half))
  return size === 64 ? wide : wide.flatMap((half) => [half & 0xffff_ffffn, half >> 32n])
}

/** Vectors in which every value meets several others, at every lane. */
function* vectors(size: Size, count: number): Generator<bigint[]> {
  const values = VALUES[size]
  const of = (at: number): bigint => values[at % values.length] as bigint
  for (let at = 0; at < values.length; at++) {
    for (let apart = 0; apart < (count === 1 ? 1 : values.length); apart++) {
      yield Array.from({ length: 2 * count }, (_, half) => {
        const from = at + 3 * (half & 1) + (half >= 2 ? apart : 0)
        return BigInt.asIntN(64, size === 64 ? of(from) : of(from) | (of(from + 1) << 32n))
      })
    }
  }
}

function compareVector(op: Opcode, expected: (size: Size, bits: bigint) => bigint): bigint[] {
  const count = operands(op)
  const from = /demote_f64x2/.test(op.name) || (op.name.startsWith('f64') && !/promote/.test(op.name)) ? 64 : 32
  const to = sizeOf(op.name.slice(0, 3))
  const { raw, guarded } = bothWays(vectorModule(op.name, count))
  const seen: bigint[] = []
  for (const halves of vectors(from, count)) {
    const plain = lanes(to, raw.run(...halves))
    assert.deepEqual(
      lanes(to, guarded.run(...halves)),
      plain.map((bits) => expected(to, bits)),
      `${op.name} of ${halves.map((bits) => BigInt.asUintN(64, bits).toString(16))}`,
    )
    seen.push(...plain)
  }
  return seen
}

for (const op of computes(/^f(32x4|64x2)\./)) {
  test(`${op.name} computes one NaN in each lane, and everything else as it is`, () => {
    const size = sizeOf(op.name.slice(0, 3))
    const seen = compareVector(op, canonical)
    assert.ok(seen.some((bits) => isNaNOf(size, bits) && bits !== NAN[size]))
  })
}

for (const name of ['abs', 'neg', 'pmin', 'pmax'].flatMap((each) => [`f32x4.${each}`, `f64x2.${each}`])) {
  const op = OPCODES.find((each) => each.name === name) as Opcode
  test(`${name} only moves bits, those of NaNs too`, () => {
    const size = sizeOf(name.slice(0, 3))
    const seen = compareVector(op, (_, bits) => bits)
    assert.ok(seen.some((bits) => isNaNOf(size, bits) && bits !== NAN[size]))
  })
}

test('no instruction that computes a float is left out', () => {
  const names = OPCODES.filter(({ name, feature }) => /^f(32|64|32x4|64x2)\./.test(name) && feature !== 'relaxed-simd').map(({ name }) => name)
  const moves = /\.(const|load|store|reinterpret_\w+|abs|neg|copysign|pmin|pmax|splat|extract_lane|replace_lane|eq|ne|lt|gt|le|ge)$/
  // No integer converts to a NaN
  const rest = names.filter((name) => !moves.test(name) && !/\.convert_/.test(name))
  assert.deepEqual(
    rest.sort(),
    computes(/./)
      .map(({ name }) => name)
      .sort(),
  )
})

test('a NaN that is moved keeps its bits', () => {
  const { exports } = drive(
    wat(`(module (memory 1) (global $g (mut f32) (f32.const 0)) (func $same (param f32) (result f32) (local.get 0))
      (func (export "memory") (param i32) (result i32) (i32.store (i32.const 0) (local.get 0))
        (f32.store (i32.const 8) (f32.load (i32.const 0))) (i32.load (i32.const 8)))
      (func (export "select") (param i32) (result i32)
        (i32.reinterpret_f32 (select (f32.reinterpret_i32 (local.get 0)) (f32.const 1) (i32.const 1))))
      (func (export "local") (param i32) (result i32) (local f32)
        (local.set 1 (f32.reinterpret_i32 (local.get 0))) (global.set $g (local.get 1)) (i32.reinterpret_f32 (call $same (global.get $g))))
      (func (export "block") (param i32) (result i32)
        (i32.reinterpret_f32 (block (result f32) (f32.reinterpret_i32 (local.get 0)))))
      (func (export "lane") (param i32) (result i32)
        (i32.reinterpret_f32 (f32x4.extract_lane 2 (f32x4.splat (f32.reinterpret_i32 (local.get 0))))))
      (func (export "constant") (param i32) (result i32) (i32.reinterpret_f32 (f32.const nan:0x12345))))`),
    { deterministic: true },
  )
  for (const name of ['memory', 'select', 'local', 'block', 'lane'])
    for (const bits of VALUES[32]) assert.equal(bitsOf(32, exports[name](argument(32, bits))), bits, name)
  assert.equal(exports.constant(0), 0x7f81_2345)
})

test('a function that computes NaNs of all forms, in a loop and between calls, keeps each in a local of its own', () => {
  const { raw, guarded } = bothWays(
    wat(`(module (func $half (param f64) (result f64) (f64.mul (local.get 0) (f64.const 0.5)))
      (func (export "run") (param $n i32) (param $x f64) (result i64) (local $sum f64) (local $v v128)
        (loop $again
          (local.set $sum (f64.add (local.get $sum) (call $half (f64.promote_f32 (f32.sqrt (f32.demote_f64 (local.get $x)))))))
          (local.set $v (f32x4.add (f64x2.add (f64x2.splat (local.get $sum)) (local.get $v)) (f32x4.splat (f32.const 1))))
          (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (i64.add (i64.reinterpret_f64 (local.get $sum)) (i64x2.extract_lane 0 (local.get $v)))))`),
  )
  for (const x of [0, 2, 100]) for (const rounds of [1, 2, 7]) assert.equal(guarded.run(rounds, x), raw.run(rounds, x))
  // sum is the NaN; v is it too, and as f32x4 both halves of that have 1 added: the low one was 0
  const upper = 0x7fc0_0000n
  assert.equal(BigInt.asUintN(64, guarded.run(5, -1)), BigInt.asUintN(64, NAN[64] + (((upper << 32n) | 0x3f80_0000n) as bigint)))
})

// What depends on the machine

function relaxed(op: Opcode): Uint8Array<ArrayBuffer> {
  return build({
    functions: [
      {
        locals: [[1, 'v128']],
        body: (emit) => {
          for (let at = 0; at < operands(op); at++) emit('local.get', 0)
          emit(op.name)
          emit('drop')
        },
      },
    ],
  })
}

for (const op of OPCODES.filter(({ feature }) => feature === 'relaxed-simd')) {
  test(`refused: ${op.name}`, () => {
    const bytes = relaxed(op)
    assert.equal(WebAssembly.validate(guard(bytes, { fuel: true }).bytes), WebAssembly.validate(bytes), 'only if it must be deterministic')
    assert.throws(
      () => guard(bytes, { deterministic: true }),
      (error) => {
        assert.ok(error instanceof LoadError)
        assert.equal(error.code, 'unsupported-feature')
        assert.ok(error.message.includes(op.name) && /deterministic/.test(error.message), error.message)
        return true
      },
    )
  })
}

test('relaxed instructions are found wherever they are', () => {
  const op = OPCODES.find(({ name }) => name === 'f32x4.relaxed_min') as Opcode
  const body = (emit: Emit) => {
    emit('unreachable')
    emit('block', 'empty')
    for (let at = 0; at < 2; at++) emit('local.get', 0)
    emit(op.name)
    emit('drop')
    emit('end')
  }
  assert.throws(() => guard(build({ functions: [{}, { locals: [[1, 'v128']], body }] }), { deterministic: true }), /relaxed_min/)
})
