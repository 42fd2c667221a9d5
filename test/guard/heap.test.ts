/** What V8 keeps on the JavaScript heap for an instance is no more than the guard says. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { attachHook, MAX_CREDIT, makeHook, promising } from '../../src/abi.ts'
import { guard } from '../../src/guard/guard.ts'
import { collectGarbage } from '../support/garbage.ts'
import { wat } from '../support/wat.ts'

const times = (count: number, text: (n: number) => string) => Array.from({ length: count }, (_, n) => text(n)).join(' ')
const FOUR = ['$a', '$b', '$c', '$d']
const four = (call: (name: string, n: number) => string) => FOUR.map(call).join(' ')

/** Each with much of one thing, all of which its start function uses. */
const SHAPES: Readonly<Record<string, string>> = {
  calls: `(start $run) (func $f) ${times(100, () => `(func ${'(call $f)'.repeat(200)})`)} (func $run ${times(100, (n) => `(call ${n + 1})`)})`,
  'calls through references': `(type $t (func)) (elem declare func ${FOUR.join(' ')}) (start $run) ${four((name) => `(func ${name} (type $t))`)}
    ${times(100, () => `(func (param (ref $t)) ${'(call_ref $t (local.get 0))'.repeat(200)})`)}
    (func $all (param (ref $t)) ${times(100, (n) => `(call ${n + 4} (local.get 0))`)}) (func $run ${four((name) => `(call $all (ref.func ${name}))`)})`,
  'calls through a table': `(table funcref (elem ${FOUR.join(' ')})) (start $run) ${four((name) => `(func ${name})`)}
    ${times(100, () => `(func (param i32) ${'(call_indirect (local.get 0))'.repeat(200)})`)}
    (func $all (param i32) ${times(100, (n) => `(call ${n + 4} (local.get 0))`)}) (func $run ${four((_, n) => `(call $all (i32.const ${n}))`)})`,
  functions: '(func)'.repeat(50_000),
  references: `(start $run) (elem declare func ${times(10_000, String)}) ${'(func)'.repeat(10_000)} (func $run ${times(10_000, (n) => `(drop (ref.func ${n}))`)})`,
  'exported functions': times(5_000, (n) => `(func (export "${n}"))`),
  'exports of one function': `(func $f) ${times(5_000, (n) => `(export "${n}" (func $f))`)}`,
  'exported globals': times(5_000, (n) => `(global (export "${n}") (mut i32) (i32.const 0))`),
  'imported functions': `${times(5_000, () => '(import "host" "f" (func (param i32)))')} (func)`,
  'a passive segment': `(start $run) (table 1 funcref) (func $f) (elem $e func ${'$f '.repeat(50_000)}) (func $run (table.init $e (i32.const 0) (i32.const 0) (i32.const 1)))`,
}

/** Not of the code: the instance itself, its exports object, the table of hooks. */
const INSTANCE = 10_000
const INSTANCES = 6

for (const [name, text] of Object.entries(SHAPES))
  test(`an instance with much of it: ${name}`, () => {
    const { bytes, abi } = guard(wat(`(module ${text})`))
    const module = new WebAssembly.Module(bytes)
    const hook = makeHook({ poll: () => MAX_CREDIT })
    const make = () => {
      const instance = new WebAssembly.Instance(module, { host: { f: () => undefined } })
      attachHook(instance, abi, hook).start?.()
      return instance
    }
    const held = [make()]
    collectGarbage()
    const before = process.memoryUsage().heapUsed
    while (held.length <= INSTANCES) held.push(make())
    collectGarbage()
    const each = (process.memoryUsage().heapUsed - before) / INSTANCES
    const { heap } = abi as { heap: number }
    assert.ok(each <= heap + INSTANCE, `${each} bytes, and ${heap} are said`)
    if (name.startsWith('calls through ref') && promising !== undefined) assert.ok(each > heap / 2, `only ${each} bytes of ${heap}`)
    assert.ok(held.length > INSTANCES)
  })
