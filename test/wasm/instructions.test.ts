import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LoadError } from '../../src/errors.ts'
import { CATCH_ALL, CATCH_REF, InstructionReader } from '../../src/wasm/instructions.ts'
import { type ModuleInfo, parseModule } from '../../src/wasm/module.ts'
import { type Immediate, OPCODES, type Opcode, opcode } from '../../src/wasm/opcodes.ts'
import { EXTERNREF, refType } from '../../src/wasm/types.ts'
import { type ImmediateValue, instruction, Writer } from '../../src/wasm/writer.ts'
import { wat } from '../support/wat.ts'

/** Two or three of everything: types 0 and 3 are functions, 1 a struct of three fields, 2 an array. */
const BASE = parseModule(
  wat(`(module
    (type (func)) (type (struct (field i32) (field i32) (field i32))) (type (array (mut i8))) (type (func (param i32 i64) (result f32)))
    (import "a" "f" (func (type 0))) (import "a" "g" (func (type 0)))
    (memory 1) (memory i64 1) (table 1 funcref) (table 1 funcref) (tag (type 0)) (tag (type 0))
    (global i32 (i32.const 0)) (global i32 (i32.const 0))
    (export "f" (func 0)) (elem func 0) (elem func 0) (data "a") (data "b")
    (func (memory.init 0 0 (i32.const 0) (i32.const 0) (i32.const 0))))`),
)

/** An instruction reader at the start of some bytes, of a module like `BASE`. */
function readerOf(bytes: Uint8Array, change: Partial<ModuleInfo> = {}): InstructionReader {
  const reader = new InstructionReader({ ...BASE, ...change, bytes })
  reader.reset(0, bytes.length, 3)
  return reader
}

function encoded(name: string, ...values: readonly ImmediateValue[]): Uint8Array {
  const writer = new Writer()
  instruction(writer, name, ...values)
  return writer.finish()
}

/** How the first instruction of some bytes is refused. */
function refused(bytes: Uint8Array | readonly number[], change?: Partial<ModuleInfo>): LoadError {
  try {
    readerOf(Uint8Array.from(bytes), change).next()
  } catch (error) {
    if (error instanceof LoadError) return error
    throw error
  }
  return assert.fail('it was accepted')
}

const SAMPLES: Record<Immediate, readonly ImmediateValue[]> = {
  block: ['empty', 'v128', EXTERNREF, refType(false, 2), 3],
  label: [0, 300],
  labels: [[0], [5, 6, 7], new Array(1000).fill(200)],
  func: [0],
  type: [0],
  table: [1],
  memory: [1],
  global: [1],
  local: [0, 2],
  tag: [1],
  elem: [1],
  data: [1],
  memarg: [
    { align: 0, offset: 0 },
    { align: 3, offset: 0xffff_ffff },
    { align: 1, offset: 2n ** 64n - 1n, memory: 1 },
  ],
  field: [2],
  i32: [0, -1, 63, -65, 2 ** 31 - 1, -(2 ** 31)],
  i64: [0n, -1n, 2n ** 63n - 1n, -(2n ** 63n)],
  f32: [1.5],
  f64: [1.5],
  v128: [new Uint8Array(16).fill(7)],
  lane: [3],
  lanes16: [new Uint8Array(16).fill(31)],
  valtypes: [['i32'], [refType(true, 1)]],
  heap: ['any', 3],
  castflags: [0, 3],
  count: [5],
  catches: [
    [],
    [
      { kind: 'catch_ref', tag: 1, label: 4 },
      { kind: 'catch_all', label: 5 },
    ],
  ],
  ordering: [0],
}

/** A value of each kind for an instruction's immediates, the `turn`th where there are several. */
function samples({ name, immediates }: Opcode, turn: number): ImmediateValue[] {
  return immediates.map((kind) => {
    if (kind === 'type' && name.startsWith('struct.')) return 1
    if (kind === 'type' && name.startsWith('array.')) return 2
    const values = SAMPLES[kind]
    return values[turn % values.length] as ImmediateValue
  })
}

test('every instruction reads back as it was written', () => {
  for (const each of OPCODES) {
    for (let turn = 0; turn < 6; turn++) {
      const bytes = encoded(each.name, ...samples(each, turn))
      const reader = readerOf(bytes)
      assert.equal(reader.next(), true, each.name)
      assert.equal(reader.op, each)
      assert.equal(reader.start, 0)
      assert.equal(reader.end, bytes.length, each.name)
      assert.equal(reader.next(), false)
    }
  }
})

test('every instruction cut short is refused as malformed', () => {
  for (const each of OPCODES) {
    const bytes = encoded(each.name, ...samples(each, 1))
    for (let length = 1; length < bytes.length; length++) assert.equal(refused(bytes.subarray(0, length)).code, 'malformed', each.name)
  }
})

test('immediates are there as data', () => {
  const read = (name: string, ...values: ImmediateValue[]) => {
    const reader = readerOf(encoded(name, ...values))
    reader.next()
    return reader
  }
  assert.equal(read('local.tee', 2).index0, 2)
  assert.equal(read('i32.const', -70000).value, -70000)
  assert.equal(read('i32.const', -1).value, -1)
  assert.equal(read('br_if', 300).index0, 300)
  const { index0: field0, index1: field1 } = read('struct.get', 1, 2)
  assert.deepEqual([field0, field1], [1, 2])
  const { index0: memory, align, memoryOffset } = read('i64.load', { align: 3, offset: 2 ** 40, memory: 1 })
  assert.deepEqual([memory, align, memoryOffset], [1, 3, 2 ** 40])
  const table = read('br_table', [7, 8, 9])
  assert.deepEqual([...table.labels.subarray(0, table.labelCount)], [7, 8, 9])
  const block = read('block', 3)
  assert.deepEqual([block.index0, block.blockParams, block.blockResults, block.valType], [3, 2, 1, undefined])
  const single = read('loop', 'i64')
  assert.deepEqual([single.index0, single.blockParams, single.blockResults, single.valType], [-1, 0, 1, 'i64'])
  const cast = read('br_on_cast', 1, 6, 'any', 3)
  assert.deepEqual([cast.value, cast.index0, cast.heap0, cast.heap1], [1, 6, 'any', 3])
  const handler = read('try_table', 'empty', SAMPLES.catches[1] as ImmediateValue)
  assert.equal(handler.labelCount, 2)
  assert.deepEqual([...handler.labels.subarray(0, 2)], [4, 5])
  assert.deepEqual([...handler.catchKinds.subarray(0, 2)], [CATCH_REF, CATCH_ALL])
  assert.equal(handler.catchTags[0], 1)
})

test('every index outside its space is refused with the index, the size and the offset', () => {
  const cases: readonly (readonly [bytes: readonly number[], text: RegExp, offset: number])[] = [
    [[0x20, 3], /local index 3 is outside its index space of 3/, 1],
    [[0x10, 3], /function index 3 is outside its index space of 3/, 1],
    [[0x23, 2], /global index 2 is outside its index space of 2/, 1],
    [[0x25, 2], /table index 2 is outside its index space of 2/, 1],
    [[0x11, 4, 0], /type index 4 is outside its index space of 4/, 1],
    [[0x11, 0, 2], /table index 2 is outside its index space of 2/, 2],
    [[0x08, 2], /tag index 2 is outside its index space of 2/, 1],
    [[0x1f, 0x40, 1, 0, 2, 0], /tag index 2 is outside its index space of 2/, 4],
    [[0x28, 0x42, 2, 0], /memory index 2 is outside its index space of 2/, 1],
    [[0x3f, 2], /memory index 2 is outside its index space of 2/, 1],
    [[0xfc, 8, 2, 0], /data segment index 2 is outside its index space of 2/, 2],
    [[0xfc, 13, 2], /element segment index 2 is outside its index space of 2/, 2],
    [[0x02, 4], /type index 4 is outside its index space of 4/, 1],
    [[0x02, 0x63, 4], /type index 4 is outside its index space of 4/, 2],
    [[0xd0, 4], /type index 4 is outside its index space of 4/, 1],
    [[0x1c, 1, 0x64, 4], /type index 4 is outside its index space of 4/, 3],
    [[0xfb, 2, 1, 3], /field index 3 is outside its index space of 3/, 3],
    [[0xfb, 2, 2, 0], /type 2 is of kind array, not struct/, 2],
    [[0xfb, 6, 1], /type 1 is of kind struct, not array/, 2],
    [[0x11, 1, 0], /type 1 is of kind struct, not func/, 1],
    [[0x02, 1], /type 1 is of kind struct, not func/, 1],
    [[0xd2, 1], /refers to function 1, which no export, segment or initialiser names/, 1],
  ]
  for (const [bytes, text, offset] of cases) {
    const error = refused(bytes)
    assert.match(error.message, text)
    assert.equal(error.code, 'invalid-module', error.message)
    assert.equal(error.offset, offset, error.message)
  }
})

test('memory instructions need a memory, with short immediates too', () => {
  assert.match(refused([0x28, 2, 0, 0x0b], { memories: [] }).message, /memory index 0 is outside its index space of 0/)
})

test('what does not decode is refused with the bytes and the offset', () => {
  const cases: readonly (readonly [bytes: readonly number[], text: RegExp, offset: number])[] = [
    [[0x16], /expected an instruction, not 0x16/, 0],
    [[0xff], /expected an instruction, not 0xff/, 0],
    [[0xfb, 0x1f], /expected an instruction, not 0xfb 0x1f/, 0],
    [[0xfd, 0x9a, 0x01], /expected an instruction, not 0xfd 0x9a/, 0],
    [[0xfe, 0x80, 0x80, 0x80, 0x80, 0x08], /expected an instruction, not 0xfe 0x80000000/, 0],
    [[0xfc, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00], /rest of an opcode as a LEB128 of 32 bits/, 1],
    [[0x02, 0x41], /expected a value type, not 0x41/, 1],
    [[0x02, 0xff, 0x7f], /expected a block type in one byte/, 1],
    [[0xd0, 0xf0, 0x7f], /expected a heap type in one byte/, 1],
    [[0xd0, 0x40], /expected a heap type, not 0x40/, 1],
    [[0x28, 0x80, 0x01, 0], /expected an alignment below 64/, 1],
    [[0x28, 2, 0x80, 0x80, 0x80, 0x80, 0x10], /expected an offset of 32 bits/, 2],
    [[0x0e, 0xff, 0xff, 0xff, 0xff, 0x0f, 0], /expected 4294967295 labels, but only 1 bytes are left/, 1],
    [[0x1f, 0x40, 0xff, 0xff, 0xff, 0xff, 0x0f, 0], /expected 4294967295 catch clauses, but only 1 bytes are left/, 2],
    [[0x1f, 0x40, 1, 4, 0], /expected a catch clause, not 0x04/, 3],
    [[0x1c, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x7f], /expected 4294967295 types, but only 1 bytes are left/, 1],
    [[0xfe, 3, 1], /expected a zero byte/, 2],
    [[0xfb, 0x18, 4, 0, 0x6e, 0x6e], /expected cast flags/, 2],
  ]
  for (const [bytes, text, offset] of cases) {
    const error = refused(bytes)
    assert.match(error.message, text)
    assert.equal(error.code, 'malformed', error.message)
    assert.equal(error.offset, offset, error.message)
  }
})

test('code that uses data segments needs a data count section', () => {
  const error = refused([0xfc, 8, 0, 0], { dataCount: undefined })
  assert.equal(error.code, 'malformed')
  assert.match(error.message, /expected a data count section/)
})

test('reading goes on where it was reset to', () => {
  const reader = readerOf(Uint8Array.of(0x01, 0x20, 0, 0x1a, 0x0b))
  reader.reset(1, 4, 1)
  const names: string[] = []
  while (reader.next()) names.push(reader.op.name)
  assert.deepEqual(names, ['local.get', 'drop'])
  assert.equal(reader.op, opcode('drop'))
})
