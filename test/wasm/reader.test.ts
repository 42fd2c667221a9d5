import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LoadError } from '../../src/errors.ts'
import { Reader } from '../../src/wasm/reader.ts'
import { Writer } from '../../src/wasm/writer.ts'

const reader = (...bytes: number[]) => new Reader(Uint8Array.from(bytes))

/** What a read fails with. */
function failure(read: () => unknown): LoadError {
  try {
    read()
  } catch (error) {
    if (error instanceof LoadError) return error
    throw error
  }
  return assert.fail('it did not fail')
}

test('integers read as they were written', () => {
  for (const value of [0, 1, 63, 64, 127, 128, 16383, 16384, 2 ** 21, 2 ** 28 - 1, 2 ** 28, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1]) {
    const writer = new Writer()
    writer.u32(value)
    writer.s32(value | 0)
    writer.s64(BigInt(value))
    writer.u64(BigInt(value))
    writer.u64(BigInt(value) << 32n)
    writer.s64(-BigInt(value) << 31n)
    const read = new Reader(writer.finish())
    assert.equal(read.u32('it'), value)
    assert.equal(read.s32('it'), value | 0)
    assert.equal(read.s33('it'), value)
    assert.equal(read.u64('it'), BigInt(value))
    assert.equal(read.skipU64('it'), value * 2 ** 32)
    assert.equal(read.s64('it'), -BigInt(value) << 31n)
    assert.equal(read.left, 0)
  }
})

test('the extremes of 64 bits', () => {
  for (const value of [2n ** 63n - 1n, -(2n ** 63n), -1n, 0n]) {
    const writer = new Writer()
    writer.s64(value)
    assert.equal(new Reader(writer.finish()).s64('it'), value)
  }
  assert.equal(reader(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01).u64('it'), 2n ** 64n - 1n)
})

test('padding is allowed up to the width, and not beyond', () => {
  assert.equal(reader(0x80, 0x80, 0x80, 0x80, 0x00).u32('it'), 0)
  assert.equal(reader(0xff, 0xff, 0xff, 0xff, 0x7f).s32('it'), -1)
  assert.equal(reader(0xff, 0xff, 0xff, 0xff, 0x7f).s33('it'), -1)
  const padded = [0x80, 0x80, 0x80, 0x80, 0x80, 0x00]
  for (const read of ['u32', 's32', 's33'] as const) {
    const error = failure(() => reader(...padded)[read]('a number'))
    assert.equal(error.code, 'malformed')
    assert.equal(error.offset, 0)
    assert.match(error.message, /expected a number as a LEB128 of 3[23] bits, but it goes on \(byte offset 0 \(0x0\)\)/)
  }
  const long = new Array(10).fill(0x80)
  for (const read of ['u64', 's64'] as const) assert.match(failure(() => reader(...long, 0)[read]('it')).message, /LEB128 of 64 bits, but it goes on/)
})

test('unused bits of the last byte must be clear, or repeat the sign', () => {
  const last = (byte: number, count: number) => reader(...new Array(count).fill(0x80), byte)
  for (const byte of [0x10, 0x40, 0x7f]) assert.match(failure(() => last(byte, 4).u32('it')).message, /32 bits, but more bits are set/)
  for (const byte of [0x08, 0x40, 0x77]) assert.match(failure(() => last(byte, 4).s32('it')).message, /32 bits, but more bits are set/)
  for (const byte of [0x10, 0x20, 0x6f]) assert.match(failure(() => last(byte, 4).s33('it')).message, /33 bits, but more bits are set/)
  for (const byte of [0x02, 0x7f]) assert.match(failure(() => last(byte, 9).u64('it')).message, /64 bits, but more bits are set/)
  for (const byte of [0x01, 0x7e]) assert.match(failure(() => last(byte, 9).s64('it')).message, /64 bits, but more bits are set/)
  assert.equal(last(0x78, 4).s32('it'), -(2 ** 31))
  assert.equal(last(0x70, 4).s33('it'), -(2 ** 32))
})

test('an end in the middle says where', () => {
  const error = failure(() => reader(0x80, 0x80).u32('a count'))
  assert.equal(error.offset, 2)
  assert.match(error.message, /expected a count, but the input ends \(byte offset 2/)
  const narrow = reader(1, 2, 3)
  narrow.end = 1
  narrow.skip(1, 'a byte')
  assert.match(failure(() => narrow.u8('a byte')).message, /expected a byte, but its section or function ends/)
})

test('a count may not exceed what the bytes left can hold', () => {
  const error = failure(() => reader(0xff, 0xff, 0xff, 0xff, 0x0f, 1, 2, 3).count('imports', 4))
  assert.equal(error.offset, 0)
  assert.match(error.message, /expected 4294967295 imports, but only 3 bytes are left/)
  assert.equal(reader(1, 0, 0, 0, 0).count('imports', 4), 1)
  assert.equal(failure(() => reader(3, 0, 0, 0).count('tables', 1, 2)).code, 'invalid-module')
})

test('names are strict UTF-8', () => {
  assert.equal(reader(3, 0xe2, 0x82, 0xac).name('it'), '€')
  assert.equal(reader(3, 0xef, 0xbb, 0xbf).name('it'), '\ufeff')
  for (const bytes of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xe2, 0x82]]) {
    const error = failure(() => reader(bytes.length, ...bytes).name('a name'))
    assert.equal(error.offset, 1)
    assert.match(error.message, /expected a name in UTF-8/)
  }
  assert.match(failure(() => reader(5, 65).name('a name')).message, /expected a name of 5 bytes, not the 1 left/)
})
