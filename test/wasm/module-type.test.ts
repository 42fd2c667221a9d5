import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseModule } from '../../src/wasm/module.ts'
import { moduleType } from '../../src/wasm/module-type.ts'
import { FUNCREF } from '../../src/wasm/types.ts'
import { wat } from '../support/wat.ts'

const EVERYTHING = `(module
  (type $f (func (param i32) (result i64)))
  (import "a" "f" (func (type $f)))
  (import "a" "g" (global (mut i32)))
  (import "b" "m" (memory 1 2))
  (table (export "t") 1 funcref)
  (tag (export "e") (param f32))
  (func $own (export "own") (param f64))
  (export "f" (func 0)))`

test('imports and exports have their types with them', () => {
  const { imports, exports, functions } = moduleType(parseModule(wat(EVERYTHING)))
  const limits = { minimum: 1n, shared: false, address: 'i32' }
  assert.deepEqual(imports, [
    { module: 'a', name: 'f', kind: 'function', type: { params: ['i32'], results: ['i64'] } },
    { module: 'a', name: 'g', kind: 'global', type: { type: 'i32', mutable: true } },
    { module: 'b', name: 'm', kind: 'memory', type: { limits: { ...limits, maximum: 2n } } },
  ])
  // In whatever order the assembler put them
  assert.deepEqual(
    exports.toSorted((one, other) => (one.name < other.name ? -1 : 1)),
    [
      { name: 'e', kind: 'tag', type: { params: ['f32'], results: [] } },
      { name: 'f', kind: 'function', type: { params: ['i32'], results: ['i64'] } },
      { name: 'own', kind: 'function', type: { params: ['f64'], results: [] } },
      { name: 't', kind: 'table', type: { element: FUNCREF, limits: { ...limits, maximum: undefined } } },
    ],
  )
  assert.equal(functions, undefined)
})

test('only a module that returns functions has the types of all of them', () => {
  const { functions } = moduleType(parseModule(wat('(module (func (result funcref) (ref.null func)) (func (param i32)) (export "get" (func 0)))')))
  assert.deepEqual(
    [...(functions?.typeIndices ?? [])].map((index) => functions?.types[index]),
    [
      { params: [], results: [FUNCREF] },
      { params: ['i32'], results: [] },
    ],
  )
})

test('it can be sent to another thread', () => {
  const type = moduleType(parseModule(wat(EVERYTHING)))
  assert.deepEqual(structuredClone(type), type)
})

test('what most functions have as their type is one object for all modules; long types, and those that name types of their module, are not kept', () => {
  const typesOf = (text: string) => moduleType(parseModule(wat(text))).exports.map(({ type }) => type)
  const text = (params: string) => `(module (type $own (func)) (func (export "f") (param ${params})))`
  const [[one], [other]] = [typesOf(text('i32 f64')), typesOf(`(module (func) ${text('i32 f64').slice(8)}`)]
  assert.equal(one, other)
  for (const params of ['i32 i32 i32 i32 i32 i32 i32 i32 i32', '(ref null $own)', 'funcref']) {
    const [[mine], [yours]] = [typesOf(text(params)), typesOf(text(params))]
    assert.notEqual(mine, yours)
    assert.deepEqual(mine, yours)
  }
})
