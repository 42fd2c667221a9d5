import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UNCATCHABLE } from '../../src/runtime/trap.ts'
import { wat } from '../support/wat.ts'

type Guest = (() => unknown) & { caught: WebAssembly.Global }

function guest(text: string, f: () => unknown): Guest {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wat(text)), { env: { f } } as unknown as WebAssembly.Imports)
  return Object.assign(exports.run as () => unknown, { caught: exports.caught as WebAssembly.Global })
}

const HEAD = '(import "env" "f" (func $f)) (global $caught (export "caught") (mut i32) (i32.const 0))'
const CATCHING: Readonly<Record<string, string>> = {
  'legacy catch_all': `(module ${HEAD} (func (export "run") (try (do (call $f)) (catch_all (global.set $caught (i32.const 1))))))`,
  'catch_all of try_table': `(module ${HEAD} (func (export "run") (block $h (try_table (catch_all $h) (call $f)) (return)) (global.set $caught (i32.const 1))))`,
  'catch_all_ref of try_table': `(module ${HEAD} (func (export "run") (drop (block $h (result exnref) (try_table (catch_all_ref $h) (call $f)) (return))) (global.set $caught (i32.const 1))))`,
}

for (const [how, text] of Object.entries(CATCHING)) {
  test(`the kept trap cannot be caught by ${how}, thrown once or a hundred times`, () => {
    const run = guest(text, () => {
      throw UNCATCHABLE
    })
    for (let time = 0; time < 100; time++) assert.throws(run, (error) => error === UNCATCHABLE)
    assert.equal(run.caught.value, 0)
  })

  test(`anything else that a host function throws is caught by ${how}: a trap made by hand too`, () => {
    for (const thrown of [new Error('no'), new WebAssembly.RuntimeError('unreachable'), undefined]) {
      const run = guest(text, () => {
        throw thrown
      })
      run()
      assert.equal(run.caught.value, 1)
    }
  })
}

test('the kept trap is a WebAssembly.RuntimeError', () => assert.ok(UNCATCHABLE instanceof WebAssembly.RuntimeError))

test('the kept trap cannot be caught when a suspended guest is resumed by it', { skip: !('Suspending' in WebAssembly) && 'no JSPI' }, async () => {
  const { Suspending, promising } = WebAssembly as unknown as {
    Suspending: new (fn: () => unknown) => () => unknown
    promising: (fn: () => unknown) => () => Promise<unknown>
  }
  const run = guest(CATCHING['catch_all of try_table'] as string, new Suspending(() => Promise.reject(UNCATCHABLE)))
  await assert.rejects(promising(run)(), (error) => error === UNCATCHABLE)
  assert.equal(run.caught.value, 0)
})
