import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EXTERNREF, refType } from '../../src/wasm/types.ts'
import { type ImmediateValue, instruction, Writer } from '../../src/wasm/writer.ts'

function written(write: (writer: Writer) => void): number[] {
  const writer = new Writer(1)
  write(writer)
  return [...writer.finish()]
}

test('grows as needed and finishes with a copy', () => {
  const writer = new Writer(1)
  for (let byte = 0; byte < 1000; byte++) writer.u8(byte)
  const first = writer.finish()
  writer.u8(1)
  assert.equal(first.length, 1000)
  assert.equal(first[999], 999 & 0xff)
  assert.equal(writer.length, 1001)
})

test('sections, vectors and names have their sizes before them', () => {
  const bytes = written((writer) => writer.section(7, (section) => section.vec(['a', 'é'], (name) => section.name(name))))
  assert.deepEqual(bytes, [7, 6, 2, 1, 0x61, 2, 0xc3, 0xa9])
})

test('bytes are copied as they are, few or many, all of them or a part, whatever the buffer has room for', () => {
  const source = Uint8Array.from({ length: 300 }, (_, at) => at)
  for (const length of [0, 1, 63, 64, 65, 200, 300]) {
    assert.deepEqual(
      written((writer) => writer.bytes(source, 0, length)),
      [...source.subarray(0, length)],
    )
    assert.deepEqual(
      written((writer) => {
        writer.u8(7)
        writer.bytes(source, 300 - length)
        writer.u8(8)
      }),
      [7, ...source.subarray(300 - length), 8],
    )
  }
})

test('a writer that is cleared begins anew, and another can take over what it holds', () => {
  const part = new Writer(1)
  const writer = new Writer(1)
  for (const text of ['a longer one', 'short', '']) {
    part.clear()
    part.name(text)
    writer.u32(part.length)
    writer.append(part)
  }
  assert.deepEqual(Buffer.from(writer.finish()).toString('latin1'), '\x0d\x0ca longer one\x06\x05short\x01\x00')
})

test('floats are little-endian', () => {
  assert.deepEqual(
    written((writer) => writer.f32(1)),
    [0, 0, 0x80, 0x3f],
  )
  assert.deepEqual(
    written((writer) => writer.f64(1)),
    [0, 0, 0, 0, 0, 0, 0xf0, 0x3f],
  )
})

test('types take one byte where they can', () => {
  const type = (...types: Parameters<Writer['valType']>) => written((writer) => writer.valType(...types))
  assert.deepEqual(type('i32'), [0x7f])
  assert.deepEqual(type(EXTERNREF), [0x6f])
  assert.deepEqual(type(refType(false, 'extern')), [0x64, 0x6f])
  assert.deepEqual(type(refType(true, 64)), [0x63, 0xc0, 0x00])
})

test('instructions are encoded by the opcode table', () => {
  const encoded = (name: string, ...values: ImmediateValue[]) => written((writer) => instruction(writer, name, ...values))
  assert.deepEqual(encoded('nop'), [0x01])
  assert.deepEqual(encoded('i32.const', -1), [0x41, 0x7f])
  assert.deepEqual(encoded('i64.const', -64n), [0x42, 0x40])
  assert.deepEqual(encoded('block', 'empty'), [0x02, 0x40])
  assert.deepEqual(encoded('if', 'i32'), [0x04, 0x7f])
  assert.deepEqual(encoded('loop', 64), [0x03, 0xc0, 0x00])
  assert.deepEqual(encoded('br_table', [1, 2, 0]), [0x0e, 2, 1, 2, 0])
  assert.deepEqual(encoded('i32.load', { align: 2, offset: 128 }), [0x28, 2, 0x80, 1])
  assert.deepEqual(encoded('i32.load', { align: 2, offset: 1n, memory: 3 }), [0x28, 0x42, 3, 1])
  assert.deepEqual(encoded('memory.copy', 1, 2), [0xfc, 0x0a, 1, 2])
  assert.deepEqual(encoded('f64x2.relaxed_max'), [0xfd, 0x90, 0x02])
  assert.deepEqual(
    encoded('try_table', 'empty', [
      { kind: 'catch_ref', tag: 5, label: 1 },
      { kind: 'catch_all', label: 0 },
    ]),
    [0x1f, 0x40, 2, 1, 5, 1, 2, 0],
  )
  assert.throws(() => encoded('br'), /br takes 1 immediates, not 0/)
})
