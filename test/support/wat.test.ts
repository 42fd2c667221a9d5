import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wat } from './wat.ts'

test('assembles a module that runs', async () => {
  const { instance } = await WebAssembly.instantiate(wat('(module (func (export "two") (result i32) i32.const 2))'))
  assert.equal((instance.exports.two as () => number)(), 2)
})

test('assembles both forms of exception handling', () => {
  const legacy = wat('(module (func (try (do unreachable) (catch_all))))')
  const standard = wat('(module (func (block $out (try_table (catch_all $out) unreachable))))')
  assert.ok(WebAssembly.validate(legacy))
  assert.ok(WebAssembly.validate(standard))
})

test('`try` in a comment, a string or a name does not choose the legacy assembler', () => {
  assert.ok(
    WebAssembly.validate(
      wat(
        '(module ;; try this\n (; try ;) (memory 1) (data (i32.const 0) " try ") (func $try (tag_free)) (func $tag_free))'.replace(
          '(tag_free)',
          '(call $tag_free)',
        ),
      ),
    ),
  )
})

test('assembles modules that do not validate', () => {
  assert.equal(WebAssembly.validate(wat('(module (func (result i32)))')), false)
})

test('bad text is an error that shows the text', () => {
  assert.throws(() => wat('(module\n (func (frob)))', 'example'), /example does not assemble: [\s\S]*frob[\s\S]*2 \| {2}\(func \(frob\)\)\)/)
  assert.throws(() => wat('(module (func (try (do (frob)) (catch_all))))'), /1:25: error: unexpected token frob/)
  assert.throws(() => wat('(module (func))) (func (export "lost"))'), /bracket too many/)
  assert.throws(() => wat('(module (func'), /bracket is missing/)
  assert.throws(() => wat('(module (func (call $nowhere)))'), /\$nowhere/)
})
