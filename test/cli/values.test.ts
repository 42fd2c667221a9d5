import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expectedOf, formatValue, jsonValue, NEGATIVE_VALUE, parseValue } from '../../src/cli/values.ts'
import { EXTERNREF, FUNCREF, refType, type ValType } from '../../src/wasm/types.ts'

function parses(type: ValType, cases: Readonly<Record<string, unknown>>): void {
  for (const [text, value] of Object.entries(cases)) assert.ok(Object.is(parseValue(type, text), value), `${text}: ${String(parseValue(type, text))}`)
}

function refuses(type: ValType, texts: readonly string[]): void {
  for (const text of texts) assert.equal(parseValue(type, text), undefined, text)
}

test('i32 is signed or unsigned, decimal or hex', () => {
  parses('i32', { '0': 0, '5': 5, '+5': 5, '-5': -5, '0xff': 255, '-0x10': -16, '0XFF': 255, '-2147483648': -2147483648, '4294967295': 4294967295 })
  refuses('i32', ['', ' ', '1.5', '1e3', '-2147483649', '4294967296', '0x100000000', 'nan', 'null', '5n', '1_000', '0x', '--5', '0b1', '5 '])
})

test('i64 is a bigint, signed or unsigned, decimal or hex', () => {
  parses('i64', { '5': 5n, '-5': -5n, '0xffffffffffffffff': 2n ** 64n - 1n, '-9223372036854775808': -(2n ** 63n), '18446744073709551615': 2n ** 64n - 1n })
  refuses('i64', ['-9223372036854775809', '18446744073709551616', '1.0', '5n', 'inf'])
})

test('f64 is decimal, hex, or one of nan and inf', () => {
  parses('f64', { '2.5': 2.5, '-1e-3': -0.001, '.5': 0.5, '5.': 5, '0xff': 255, '-0x10': -16, '-0': -0, '1E3': 1000 })
  parses('f64', { nan: Number.NaN, NaN: Number.NaN, inf: Infinity, '+inf': Infinity, '-inf': -Infinity, '-Infinity': -Infinity })
  refuses('f64', ['', '.', 'e5', '1e999', '-1e999', '0x1.8p3', '1,5', 'constructor', '0x', 'Infinit', '1 2'])
})

test('f32 refuses what it could only hold as infinity', () => {
  parses('f32', { '0.1': 0.1, '3.4028235e38': 3.4028235e38, '-inf': -Infinity })
  refuses('f32', ['1e39', '-3.5e38'])
})

test('references are null where they may be, vectors are nothing', () => {
  parses(FUNCREF, { null: null, NULL: null })
  parses(EXTERNREF, { null: null })
  refuses(EXTERNREF, ['', '0', 'undefined'])
  refuses(refType(false, 'func'), ['null'])
  refuses('v128', ['0', 'null'])
})

test('every type says what it takes', () => {
  assert.equal(expectedOf('i32'), 'a whole number from -2147483648 to 4294967295, in decimal or hex (-5, 0xff)')
  assert.equal(expectedOf('i64'), 'a whole number from -9223372036854775808 to 18446744073709551615, in decimal or hex (-5, 0xff)')
  assert.match(expectedOf('f32'), /3\.4028235e38/)
  assert.match(expectedOf('f64'), /inf, -inf or nan/)
  assert.equal(expectedOf(EXTERNREF), 'null, the only reference that can be typed in')
  assert.equal(expectedOf(refType(false, 'func')), 'nothing that can be typed in')
})

test('values are printed as they would be typed in', () => {
  assert.equal(formatValue('i32', -5), '-5')
  assert.equal(formatValue('i64', -(2n ** 63n)), '-9223372036854775808')
  assert.equal(formatValue('f64', 0.1), '0.1')
  assert.deepEqual(
    [Number.NaN, Infinity, -Infinity, -0, 1e21].map((value) => formatValue('f64', value)),
    ['nan', 'inf', '-inf', '-0', '1e+21'],
  )
  assert.equal(formatValue(EXTERNREF, null), 'null')
  assert.equal(
    formatValue(FUNCREF, () => 1),
    'a function',
  )
})

test('an f32 has as many digits as tell it from its neighbours', () => {
  for (const text of ['0.1', '3.4028235e+38', '1e-45', '16777216', '-1.1754944e-38', '0.3', '123456.79']) {
    const value = Math.fround(Number(text))
    assert.equal(formatValue('f32', value), String(Number(text)))
    assert.equal(Math.fround(Number(formatValue('f32', value))), value)
  }
})

test('JSON has numbers where they say all, and text otherwise', () => {
  assert.equal(jsonValue('i32', -5), -5)
  assert.equal(jsonValue('f32', Math.fround(0.1)), 0.1)
  assert.equal(jsonValue('i64', 5n), '5')
  assert.deepEqual(
    [Number.NaN, Infinity, -Infinity, -0].map((value) => jsonValue('f64', value)),
    ['nan', 'inf', '-inf', '-0'],
  )
  assert.equal(jsonValue(EXTERNREF, null), null)
})

test('negative values are told from options', () => {
  for (const text of ['-5', '-.5', '-0x10', '-inf', '-Infinity', '-1e3', '-nan']) assert.match(text, NEGATIVE_VALUE)
  for (const text of ['-h', '-V', '--5', '-', '5', '--json', '-.']) assert.doesNotMatch(text, NEGATIVE_VALUE)
})
