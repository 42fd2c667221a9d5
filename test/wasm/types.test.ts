import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  EXTERNREF,
  FUNCREF,
  formatFuncType,
  formatGlobalType,
  formatTableType,
  formatValType,
  HEAP_OF_BYTE,
  heapByte,
  refType,
  TYPE_OF_BYTE,
  typeByte,
} from '../../src/wasm/types.ts'

test('value types are written as in the text format', () => {
  assert.equal(formatValType('i32'), 'i32')
  assert.equal(formatValType(FUNCREF), 'funcref')
  assert.equal(formatValType(EXTERNREF), 'externref')
  assert.equal(formatValType(refType(true, 'none')), 'nullref')
  assert.equal(formatValType(refType(true, 3)), '(ref null 3)')
  assert.equal(formatValType(refType(false, 3)), '(ref 3)')
  assert.equal(formatValType(refType(false, 'func')), '(ref func)')
})

test('function types are written with an arrow', () => {
  assert.equal(formatFuncType({ params: ['i32', 'i64'], results: ['f32'] }), '(i32, i64) -> f32')
  assert.equal(formatFuncType({ params: [], results: [] }), '() -> ()')
  assert.equal(formatFuncType({ params: [FUNCREF], results: ['i32', 'v128'] }), '(funcref) -> (i32, v128)')
})

test('tables and globals are written with their limits and mutability', () => {
  const limits = { minimum: 1n, maximum: 10n, shared: false, address: 'i64' } as const
  assert.equal(formatTableType({ element: FUNCREF, limits }), 'funcref, 1 to 10, i64')
  assert.equal(formatTableType({ element: FUNCREF, limits: { ...limits, maximum: undefined, address: 'i32' } }), 'funcref, 1 or more')
  assert.equal(formatGlobalType({ type: 'i32', mutable: true }), 'mut i32')
  assert.equal(formatGlobalType({ type: 'f64', mutable: false }), 'f64')
})

test('abstract references are shared objects', () => {
  assert.equal(refType(true, 'func'), FUNCREF)
  assert.equal(refType(false, 'any'), refType(false, 'any'))
  assert.notEqual(refType(false, 'func'), FUNCREF)
})

test('bytes of types go both ways', () => {
  for (const [byte, heap] of HEAP_OF_BYTE.entries()) if (heap !== undefined) assert.equal(heapByte(heap), byte)
  for (const [byte, type] of TYPE_OF_BYTE.entries()) if (type !== undefined) assert.equal(typeByte(type), byte)
  assert.equal(typeByte(refType(false, 'func')), undefined)
  assert.equal(HEAP_OF_BYTE.filter((heap) => heap !== undefined).length, 12)
  assert.equal(TYPE_OF_BYTE.filter((type) => type !== undefined).length, 17)
})
