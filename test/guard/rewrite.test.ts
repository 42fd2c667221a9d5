/**
 * What the guard makes of small modules, one for each kind of check and each thing that it adds: golden files that people can read.
 * `BLESS=1 node --test test/guard/rewrite.test.ts` writes them anew; review the difference.
 */

import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { type GuardOptions, guard } from '../../src/guard/guard.ts'
import { wat } from '../support/wat.ts'
import { print } from './print.ts'

const FOLDER = new URL('./golden/', import.meta.url)
const bless = process.env.BLESS !== undefined

const OF_ARITHMETIC = '(local.set $n (i32.sub (local.get $n) (i32.const 1))) '

/** What is guarded, and how. */
const CASES: Readonly<Record<string, string | readonly [source: string, options: GuardOptions]>> = {
  'what is added': '(func (export "run") (loop (br 0)))',
  'what is added with fuel': ['(func (export "run") (loop (br 0)))', { fuel: true }],
  'a small function has no check': '(func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))',
  'a loop is written four times': '(func (param $n i32) (loop $again (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))',
  'a larger loop is written twice': `(func (param $n i32) (loop $again ${OF_ARITHMETIC.repeat(12)} (br_if $again (local.get $n))))`,
  'a large loop is written once': `(func (param $n i32) (loop $again ${OF_ARITHMETIC.repeat(40)} (br_if $again (local.get $n))))`,
  'a loop with results':
    '(func (param $n i32) (result i32) (loop $again (result i32) (local.set $n (i32.sub (local.get $n) (i32.const 1))) (br_if $again (local.get $n)) (local.get $n)))',
  'a loop with parameters':
    '(func (param $n i32) (result i32) (local.get $n) (loop $again (param i32) (result i32) (i32.const 1) i32.sub local.tee $n (local.get $n) (br_if $again)))',
  'a loop with a heavy call has its check before the jump back': `(memory 1) (func $heavy ${'(drop (i32.load (i32.const 0))) '.repeat(45)}) (func (param $n i32) (loop $again (call $heavy) (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))`,
  'a loop in a loop': `(func (param $n i32) (loop $outer (loop $inner (br_if $inner (local.tee $n (i32.sub (local.get $n) (i32.const 1)))) (br_if $outer (local.get $n)))))`,
  'a loop with many jumps back has its check at the header': `(func (param $n i32) (loop $outer (loop $inner (br_if $inner (local.get $n))) ${'(br_if $outer (local.get $n)) '.repeat(5)}))`,
  'a loop that a br_table goes to': '(func (param $n i32) (loop $outer (loop $inner (br_table $inner $outer 2 (local.get $n)))))',
  'if and else pay for the heavier': `(memory 1) (func (param i32) (loop (if (local.get 0) (then (drop (i32.load (i32.const 0)))) (else nop)) (br 0)))`,
  'light work after a call in a circle': '(func $f (result i32) (i32.add (call $f) (i32.const 1)))',
  'heavy work after a call in a circle':
    '(memory 1) (func $f (i32.store (i32.const 0) (i32.const 1)) (call $f) (i32.store (i32.const 0) (i32.const 1)) (i32.store (i32.const 8) (i32.const 1)))',
  'work before a call in a circle alone': '(memory 1) (func $f (i32.store (i32.const 0) (i32.const 1)) (call $f))',
  'a circle of calls is cut where one is made, if only some ways make it':
    '(func $fib (param i32) (result i32) (if (result i32) (i32.lt_u (local.get 0) (i32.const 2)) (then (local.get 0)) (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 2))) (call $fib (i32.sub (local.get 0) (i32.const 1)))))))',
  'a tail call in a circle': '(func $f (param i32) (return_call $g (local.get 0))) (func $g (param i32) (return_call $f (local.get 0)))',
  'an indirect call in a circle':
    '(type $t (func (param i32))) (table 1 funcref) (elem (i32.const 0) $f) (func $f (param i32) (call_indirect (type $t) (local.get 0) (i32.const 0)))',
  'after a call of an import': '(import "m" "f" (func $f)) (func (call $f))',
  'straight-line code': `(memory 1) (func ${'(drop (f64.load (i32.const 8))) '.repeat(120)})`,
  'legacy handlers': '(tag $t (param i32)) (func (try (do (throw $t (i32.const 1))) (catch $t drop) (catch_all (rethrow 0))))',
  'legacy delegate': '(tag $t) (func (try $outer (do (try (do (throw $t)) (delegate $outer))) (catch_all)))',
  try_table:
    '(tag $t (param i32)) (func (block $all (drop (block $one (result i32) (try_table (catch $t $one) (catch_all $all) (throw $t (i32.const 1))) (return)))))',
  'try_table to a loop': '(tag $t) (func (loop $again (try_table (catch_all $again) (throw $t))))',
  'try_table to the function': '(tag $t) (func (try_table (catch_all 0) (throw $t)))',
  'short bulk operations stay':
    '(memory 1) (func (memory.fill (i32.const 0) (i32.const 1) (i32.const 4096)) (memory.copy (i32.const 0) (i32.const 8) (i32.const 9)))',
  'memory.fill': '(memory 1) (func (param i32) (memory.fill (i32.const 0) (i32.const 1) (local.get 0)))',
  'memory.copy': '(memory 1) (func (param i32) (memory.copy (i32.const 0) (i32.const 8) (local.get 0)))',
  'memory.copy between memories, of 64 bits and 32': '(memory i64 1) (memory 1) (func (param i32) (memory.copy 0 1 (i64.const 0) (i32.const 8) (local.get 0)))',
  'memory.fill, 64 bits': '(memory i64 1) (func (param i64) (memory.fill (i64.const 0) (i32.const 1) (local.get 0)))',
  'memory.init': '(memory 1) (data $d "abc") (func (param i32) (memory.init $d (i32.const 0) (i32.const 0) (local.get 0)))',
  'table.init, fill and copy':
    '(table $a 10 funcref) (table $b 10 funcref) (elem $e func $f) (func $f (param i32) (table.init $a $e (i32.const 0) (i32.const 0) (local.get 0)) (table.fill $b (i32.const 0) (ref.null func) (local.get 0)) (table.copy $a $b (i32.const 0) (i32.const 0) (local.get 0)))',
  'growing always polls': '(memory 1 5) (table 1 funcref) (func (result i32) (i32.add (memory.grow (i32.const 1)) (table.grow (ref.null func) (i32.const 1))))',
  'fuel of an if and an else': [
    '(func (param i32) (result i32) (if (result i32) (local.get 0) (then (i32.const 1)) (else (i32.mul (local.get 0) (i32.const 3)))) (i32.const 5) (i32.add))',
    { fuel: true },
  ],
  'fuel of a way out': ['(func (param i32) (block (br_if 0 (local.get 0)) (local.set 0 (i32.const 5))) (local.set 0 (i32.const 6)))', { fuel: true }],
  'fuel of a loop': ['(func (param $n i32) (loop $again (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))', { fuel: true }],
  'fuel and depth around calls': [
    '(import "m" "f" (func $host)) (func $leaf (result i32) (i32.const 1)) (func $deep (call $host)) (func (export "run") (drop (call $leaf)) (call $deep) (drop (call $leaf)))',
    { fuel: true },
  ],
  'fuel and depth of a tail call': ['(func $f (param i32) (return_call $f (local.get 0)))', { fuel: true }],
  'fuel and depth where an exception arrives': ['(tag $t) (func $f (throw $t)) (func (block $b (try_table (catch_all $b) (call $f))))', { fuel: true }],
  'fuel of memory.fill': ['(memory 1) (func (param i32) (memory.fill (i32.const 0) (i32.const 1) (local.get 0)))', { fuel: true }],
  'fuel of growing': [
    '(memory 1 5) (table 1 5 funcref) (func (param i32) (drop (memory.grow (local.get 0))) (drop (table.grow (ref.null func) (local.get 0))))',
    { fuel: true },
  ],
  'NaNs have one form': [
    `(func (param f32 f64 v128) (result f32 f64 v128)
      (f32.add (local.get 0) (local.get 0)) (f64.sqrt (local.get 1)) (f64x2.mul (local.get 2) (f32x4.abs (local.get 2))))`,
    { deterministic: true },
  ],
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

/** Node 22 has no 64-bit tables, nor copies between memories of different kinds; the golden text is the same there. */
const isKnown = (bytes: Uint8Array<ArrayBuffer>, source: string) => WebAssembly.validate(bytes) || / i64 1/.test(source)

// A check is many lines that are all alike: folded into one. `WHOLE` cases show them all.
const SUBTRACT =
  /^( *)global\.get \d+\n *i32\.const (-?\d+)\n *i32\.sub\n *local\.tee \d+\n *global\.set \d+\n *local\.get \d+\n(?: *global\.get \d+\n *i64\.const 32\n *i64\.shr_s\n *i32\.wrap_i64\n *i32\.or\n)? *i32\.const 0\n *i32\.lt_s$/gm
const CHECK = /^( *)counter -= (\d+), negative\?\n *if\n *call (\d+)\n *end$/gm
const LEAVE = /^( *)counter -= (\d+), negative\?\n *br_if (\d+)$/gm
const GO_ON = /^( *)counter -= (\d+), negative\?\n *i32\.eqz\n *br_if (\d+)$/gm
const BURN = /^( *)global\.get (\d+)\n *i64\.const (-?\d+)\n *i64\.sub\n *global\.set \2$/gm
const REPEATED = /((?: +(?!check).*\n){1,4}?)\1{9,}/g
const WHOLE = new Set(['what is added', 'what is added with fuel'])

function folded(text: string): string {
  return text
    .replace(SUBTRACT, '$1counter -= $2, negative?')
    .replace(CHECK, '$1check $2')
    .replace(LEAVE, '$1check $2: if negative, br $3')
    .replace(GO_ON, '$1check $2: unless negative, br $3')
    .replace(BURN, '$1fuel -= $3')
    .replace(REPEATED, (all, once: string) => `${once}  (that ${all.length / once.length} times)\n`)
}

/** Without the functions that checks call. The functions that stand for bulk operations come after those. */
function withoutPolls(text: string, first: number, count: number): string {
  const [head, ...functions] = text.split(/^(?=function )/m)
  const isPoll = (of: string) => {
    const index = Number(/^function (\d+)/.exec(of)?.[1])
    return index >= first && index < first + count
  }
  return [head, ...functions.filter((each) => !isPoll(each))].join('')
}

const fileOf = (name: string) => new URL(`${name.replaceAll(/[^a-z0-9_]+/gi, '-')}.txt`, FOLDER)

for (const [name, what] of Object.entries(CASES)) {
  const [source, more] = typeof what === 'string' ? [what, {}] : what
  const options = { memoryLimit: 1024 * 65_536, ...more }
  test(name, () => {
    const bytes = wat(`(module ${source})`)
    const { bytes: guarded, module } = guard(bytes, options)
    assert.ok(isKnown(bytes, source), 'what goes in is valid')
    assert.equal(WebAssembly.validate(guarded), WebAssembly.validate(bytes), 'what comes out is valid')
    assert.deepEqual(guard(bytes, options).bytes, guarded, 'twice the same')
    const after = print(guarded)
    const text = `${name}\n\n== before\n${folded(print(bytes))}\n== after\n${
      WHOLE.has(name) ? after : folded(withoutPolls(after, module.functions.length, 'fuel' in more || 'deterministic' in more ? 4 : 2))
    }`
    if (bless) writeFileSync(fileOf(name), text)
    assert.ok(existsSync(fileOf(name)), 'no golden file; BLESS=1 writes it')
    assert.equal(text, readFileSync(fileOf(name), 'utf8'))
  })
}

test('every golden file belongs to a case', () => {
  const expected = Object.keys(CASES).map((name) => fileOf(name).pathname)
  for (const file of readdirSync(FOLDER)) assert.ok(expected.includes(new URL(file, FOLDER).pathname), file)
})
