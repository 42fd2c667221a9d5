/**
 * What the guard makes of small modules, one for each kind of check and each thing that it adds: golden files that people can read.
 * `BLESS=1 node --test test/guard/rewrite.test.ts` writes them anew; review the difference.
 */

import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { guard } from '../../src/guard/guard.ts'
import { wat } from '../support/wat.ts'
import { print } from './print.ts'

const FOLDER = new URL('./golden/', import.meta.url)
const bless = process.env.BLESS !== undefined

const CASES: Readonly<Record<string, string>> = {
  entry: '(func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))',
  loop: '(func (param $n i32) (loop $again (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))',
  'loop with parameters':
    '(func (param $n i32) (result i32) (local.get $n) (loop $again (param i32) (result i32) (i32.const 1) i32.sub local.tee $n (local.get $n) (br_if $again)))',
  'if and else pay for the heavier': '(memory 1) (func (param i32) (if (local.get 0) (then (drop (i32.load (i32.const 0)))) (else nop)))',
  'light work after a call': '(func $f (result i32) (i32.add (call $f) (i32.const 1)))',
  'heavy work after a call': '(memory 1) (func $f (i32.store (i32.const 0) (i32.const 1)) (call $f) (i32.store (i32.const 0) (i32.const 1)))',
  'work before a call alone': '(memory 1) (func $f (i32.store (i32.const 0) (i32.const 1)) (call $f))',
  'straight-line code': `(memory 1) (func ${'(drop (f64.load (i32.const 8))) '.repeat(700)})`,
  'legacy handlers': '(tag $t (param i32)) (func (try (do (throw $t (i32.const 1))) (catch $t drop) (catch_all (rethrow 0))))',
  'legacy delegate': '(tag $t) (func (try $outer (do (try (do (throw $t)) (delegate $outer))) (catch_all)))',
  try_table:
    '(tag $t (param i32)) (func (block $all (drop (block $one (result i32) (try_table (catch $t $one) (catch_all $all) (throw $t (i32.const 1))) (return)))))',
  'try_table to a loop': '(tag $t) (func (loop $again (try_table (catch_all $again) (throw $t))))',
  'try_table to the function': '(tag $t) (func (try_table (catch_all 0) (throw $t)))',
  'bulk memory, 32 bits':
    '(memory 1) (data $d "abc") (func (memory.fill (i32.const 0) (i32.const 1) (i32.const 9)) (memory.copy (i32.const 0) (i32.const 8) (i32.const 9)) (memory.init $d (i32.const 0) (i32.const 0) (i32.const 3)))',
  'bulk memory, 64 bits':
    '(memory i64 1) (memory 1) (func (memory.fill 0 (i64.const 0) (i32.const 1) (i64.const 9)) (memory.copy 0 0 (i64.const 0) (i64.const 8) (i64.const 9)) (memory.copy 0 1 (i64.const 0) (i32.const 8) (i32.const 9)))',
  'bulk tables':
    '(table $a 10 funcref) (table $b i64 10 funcref) (elem $e func $f) (func $f (table.init $a $e (i32.const 0) (i32.const 0) (i32.const 1)) (table.fill $b (i64.const 0) (ref.null func) (i64.const 5)) (table.copy $a $b (i32.const 0) (i64.const 0) (i32.const 2)))',
  'growing always polls': '(memory 1 5) (table 1 funcref) (func (result i32) (i32.add (memory.grow (i32.const 1)) (table.grow (ref.null func) (i32.const 1))))',
  'start becomes an export': '(global $g (mut i32) (i32.const 0)) (func $s (global.set $g (i32.const 7))) (start $s)',
  'maxima are lowered, the smallest need first': '(memory 1) (memory 2 3) (memory (export "mine") 1 60000) (table 1 funcref) (table 5 1000000 externref)',
  'imported maxima are lowered': '(import "m" "memory" (memory 1)) (import "m" "table" (table 1 funcref)) (import "m" "f" (func))',
  'no code': '(memory (export "m") 1) (global (export "g") i32 (i32.const 5))',
  'nothing at all': '',
  'missing sections are put in order':
    '(tag $t) (memory 1) (data $d "x") (elem $e func $f) (func $f (memory.init $d (i32.const 0) (i32.const 0) (i32.const 1)))',
  'names that are taken':
    '(memory (export "curfew.memory0") 1) (func (export "curfew.counter")) (func (export "curfew.hooks")) (func (export "curfew.counter.1"))',
  'a table with an initialiser': '(type $t (func)) (elem declare func $f) (table 2 (ref $t) (ref.func $f)) (func $f (type $t))',
}

/** Node 22 knows memories of 64 bits, but not tables of them nor copies to other memories; the golden text is the same there. */
const HAS_TABLE64 = WebAssembly.validate(wat('(module (table i64 1 funcref))'))

const CHECK =
  /^( *)global\.get \d+\n *i32\.const (-?\d+)\n *i32\.sub\n *local\.tee \d+\n *global\.set \d+\n *local\.get \d+\n *i32\.const 0\n *i32\.lt_s\n *if\n *call \d+\n *end$/gm
const HELPERS = /function \d+ \(\) -> \(\)\n {2}i32\.const 0\n {2}call_indirect[\s\S]*$/

/** Each check and repetition as one line, and without the helper functions: `entry.txt` alone shows those. */
function folded(text: string): string {
  return text
    .replace(CHECK, '$1check $2')
    .replace(HELPERS, '(three helper functions)\n')
    .replace(/((?: +(?!check).*\n){3})\1{9,}/g, (all, three: string) => `${three}  (that ${all.length / three.length} times)\n`)
}

const fileOf = (name: string) => new URL(`${name.replaceAll(/[^a-z0-9_]+/g, '-')}.txt`, FOLDER)

for (const [name, source] of Object.entries(CASES)) {
  test(name, () => {
    const bytes = wat(`(module ${source})`)
    const { bytes: guarded } = guard(bytes, { memoryLimit: 1024 * 65_536 })
    const supported = HAS_TABLE64 || !/ i64 1/.test(source)
    assert.equal(WebAssembly.validate(bytes), supported, 'what goes in is valid')
    assert.equal(WebAssembly.validate(guarded), supported, 'what comes out is valid')
    assert.deepEqual(guard(bytes, { memoryLimit: 1024 * 65_536 }).bytes, guarded, 'twice the same')
    const text = `${name}\n\n== before\n${folded(print(bytes))}\n== after\n${name === 'entry' ? print(guarded) : folded(print(guarded))}`
    if (bless) writeFileSync(fileOf(name), text)
    assert.ok(existsSync(fileOf(name)), 'no golden file; BLESS=1 writes it')
    assert.equal(text, readFileSync(fileOf(name), 'utf8'))
  })
}

test('every golden file belongs to a case', () => {
  const expected = Object.keys(CASES).map((name) => fileOf(name).pathname)
  for (const file of readdirSync(FOLDER)) assert.ok(expected.includes(new URL(file, FOLDER).pathname), file)
})
