/**
 * With `deterministic`, a call with the same fuel ends at the same place with the same memory: however it is sliced, and on every engine. What is
 * recorded here was the same on V8 12.4, 13.6 and 14.6.
 */

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { after, test } from 'node:test'
import { attachHook, EXHAUSTED, FULL_DEPTH, MAX_CREDIT, makeHook } from '../../src/abi.ts'
import { type Guarded, guard } from '../../src/guard/guard.ts'
import { wat } from '../support/wat.ts'

const BUDGETS = [1n, 10n, 100n, 999n, 1_000n, 1_001n, 12_345n, 250_000n, 100_000_000n]

/** What polls answer: the most that they may, as little as they may, or something else each time. */
const SLICES: Readonly<Record<string, (poll: number) => number>> = {
  whole: () => MAX_CREDIT,
  'asked at each check': () => 1,
  'asked at some': (poll) => 1 + ((poll * 7_919) % 20_011),
}

const MEMORY = '(memory (export "memory") 1 4)'
const GLOBAL = '(global $g (export "g") (mut i64) (i64.const 0))'
const seen = (value: string) => `(global.set $g (i64.add (i64.mul (global.get $g) (i64.const 31)) ${value}))`
const times = (local: string, count: number, code: string) =>
  `(local.set ${local} (i32.const ${count})) (loop $again${local.slice(1)} ${code} (br_if $again${local.slice(1)} (local.tee ${local} (i32.sub (local.get ${local}) (i32.const 1)))))`
/** What is computed, to memory, where its bits are seen. */
const f32s = (values: readonly string[]) => values.map((value, at) => `(f32.store offset=${at * 4} (local.get $at) ${value})`).join('\n')
const f64s = (values: readonly string[]) => values.map((value, at) => `(f64.store offset=${at * 8} (local.get $at) ${value})`).join('\n')
const vectors = (values: readonly string[]) => values.map((value, at) => `(v128.store offset=${at * 16} (local.get $at) ${value})`).join('\n')

/** Each with an export `run`. */
const MODULES: Readonly<Record<string, string>> = {
  loops: `${MEMORY} ${GLOBAL} (func (export "run") (local $i i32) (local $j i32) (local $k i32)
    ${times(
      '$i',
      40,
      times(
        '$j',
        50,
        `(i32.store (i32.and (i32.mul (local.get $j) (local.get $i)) (i32.const 0xfffc)) (i32.add (local.get $i) (local.get $k)))
      (if (i32.and (local.get $j) (i32.const 3)) (then ${seen('(i64.extend_i32_u (local.get $k))')}) (else (local.set $k (i32.rotl (local.get $k) (local.get $j)))))
      (block $out (loop $l (br_if $out (i32.and (local.tee $k (i32.add (local.get $k) (i32.const 1))) (i32.const 7))) (br $l)))`,
      ),
    )})`,
  'a loop to many places': `${MEMORY} ${GLOBAL} (func (export "run") (local $i i32)
    (loop $l (block $a (block $b (block $c (br_table $a $b $c $l $a (i32.and (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 3))))
      ${seen('(i64.const 1)')} (br $l)) ${seen('(i64.const 2)')} (br_if $l (i32.lt_u (local.get $i) (i32.const 3000)))) ${seen('(i64.const 3)')} (br_if $l (i32.lt_u (local.get $i) (i32.const 3000)))))`,
  recursion: `${MEMORY} ${GLOBAL} (func $fib (param i32) (result i32) ${seen('(i64.const 1)')}
    (if (result i32) (i32.lt_u (local.get 0) (i32.const 2)) (then (local.get 0))
      (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1))) (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
    (func (export "run") (i32.store (i32.const 0) (call $fib (i32.const 17))))`,
  'calls by a table, a reference and in the place of the caller': `${MEMORY} ${GLOBAL} (type $t (func (param i32) (result i32))) (table 3 funcref) (elem (i32.const 0) $even $odd $done)
    (func $even (type $t) ${seen('(i64.const 5)')} (if (result i32) (i32.eqz (local.get 0)) (then (return_call_indirect (type $t) (local.get 0) (i32.const 2)))
      (else (return_call $odd (i32.sub (local.get 0) (i32.const 1))))))
    (func $odd (type $t) ${seen('(i64.const 7)')} (return_call_ref $t (i32.sub (local.get 0) (i32.const 1)) (ref.func $even)))
    (func $done (type $t) (i32.const 77))
    (func (export "run") (local $i i32) ${times('$i', 20, '(i32.store (i32.const 0) (call_indirect (type $t) (i32.const 60) (i32.and (local.get $i) (i32.const 0))))')})`,
  'NaN of 32 bits': `${MEMORY} ${GLOBAL} (func (export "run") (local $i i32) (local $at i32) (local $x f32) (local $n f32)
    ${times(
      '$i',
      300,
      `(local.set $at (i32.mul (local.get $i) (i32.const 64)))
      (local.set $x (f32.reinterpret_i32 (i32.mul (local.get $i) (i32.const 0x9e3779b1)))) (local.set $n (f32.reinterpret_i32 (i32.or (i32.const 0xff800001) (local.get $i))))
      ${f32s(['(f32.div (f32.const 0) (f32.const 0))', '(f32.sub (f32.const inf) (f32.const inf))', '(f32.sqrt (local.get $n))', '(f32.add (local.get $x) (local.get $n))', '(f32.mul (local.get $n) (local.get $x))', '(f32.min (local.get $x) (local.get $n))', '(f32.max (local.get $n) (local.get $n))', '(f32.demote_f64 (f64.promote_f32 (local.get $n)))', '(f32.nearest (local.get $n))', '(f32.neg (local.get $n))', '(f32.copysign (local.get $n) (local.get $x))', '(f32.sqrt (local.get $x))'])}`,
    )})`,
  'NaN of 64 bits': `${MEMORY} ${GLOBAL} (func (export "run") (local $i i32) (local $at i32) (local $x f64) (local $n f64)
    ${times(
      '$i',
      300,
      `(local.set $at (i32.mul (local.get $i) (i32.const 64)))
      (local.set $x (f64.reinterpret_i64 (i64.mul (i64.extend_i32_u (local.get $i)) (i64.const 0x9e3779b97f4a7c15)))) (local.set $n (f64.reinterpret_i64 (i64.or (i64.const 0xfff0000000000001) (i64.extend_i32_u (local.get $i)))))
      ${f64s(['(f64.div (f64.const 0) (f64.const 0))', '(f64.sqrt (local.get $x))', '(f64.add (local.get $x) (local.get $n))', '(f64.sub (local.get $n) (local.get $x))', '(f64.max (local.get $x) (local.get $n))', '(f64.promote_f32 (f32.demote_f64 (local.get $n)))', '(f64.floor (local.get $n))', '(f64.abs (local.get $n))'])}
      (if (f64.lt (local.get $x) (f64.const 0)) (then ${seen('(i64.reinterpret_f64 (f64.mul (local.get $n) (local.get $x)))')}))`,
    )})`,
  vectors: `${MEMORY} ${GLOBAL} (func (export "run") (local $i i32) (local $at i32) (local $x v128) (local $n v128)
    ${times(
      '$i',
      200,
      `(local.set $at (i32.mul (local.get $i) (i32.const 128))) (local.set $x (i32x4.splat (i32.mul (local.get $i) (i32.const 0x9e3779b1))))
      (local.set $n (v128.or (v128.const i32x4 0x7f800001 0xffc00000 0x7ff00001 0xfff80000) (local.get $x)))
      ${vectors(['(f32x4.div (local.get $x) (v128.const i32x4 0 0 0 0))', '(f32x4.add (local.get $x) (local.get $n))', '(f32x4.sqrt (local.get $n))', '(f64x2.mul (local.get $n) (local.get $x))', '(f64x2.min (local.get $x) (local.get $n))', '(f64x2.promote_low_f32x4 (local.get $n))', '(f32x4.demote_f64x2_zero (local.get $n))', '(f32x4.pmin (local.get $n) (local.get $x))'])}`,
    )})`,
  'a memory that grows': `${MEMORY} ${GLOBAL} (func (export "run") (local $i i32)
    ${times('$i', 6, `${seen('(i64.extend_i32_s (memory.grow (i32.const 1)))')} (i32.store (i32.sub (i32.shl (memory.size) (i32.const 16)) (i32.const 4)) (local.get $i))`)}
    ${seen('(i64.extend_i32_s (memory.grow (i32.const 100)))')} ${seen('(i64.extend_i32_s (memory.grow (i32.const 0)))')})`,
  exceptions: `${MEMORY} ${GLOBAL} (tag $t (param i32)) (func $deep (param i32) ${seen('(i64.const 9)')}
      (if (i32.eqz (local.get 0)) (then (throw $t (i32.const 5)))) (call $deep (i32.sub (local.get 0) (i32.const 1))) ${seen('(i64.const 11)')})
    (func (export "run") (local $i i32)
      ${times('$i', 30, `(block $none ${seen('(i64.extend_i32_u (block $c (result i32) (try_table (catch $t $c) (call $deep (local.get $i))) (br $none)))')})`)}
      (block $all (try_table (catch_all $all) (call $deep (i32.const 40)))) (i32.store (i32.const 8) (i32.const 1)) (call $deep (i32.const 2)))`,
  'bulk operations': `(memory (export "memory") 4 4) ${GLOBAL} (data $d "deterministic") (func (export "run") (local $i i32)
    ${times(
      '$i',
      12,
      `(memory.fill (i32.mul (local.get $i) (i32.const 999)) (local.get $i) (i32.const 70000)) (memory.copy (i32.const 77) (i32.const 5) (i32.const 200000)) (memory.copy (i32.const 5) (i32.const 77) (i32.const 1500))
      (memory.init $d (i32.mul (local.get $i) (i32.const 100)) (i32.const 2) (i32.const 9)) (memory.fill (i32.const 0) (local.get $i) (i32.const 64)) ${seen('(i64.load (i32.const 70003))')}`,
    )}
    (memory.fill (i32.const 200000) (i32.const 1) (i32.const 70000)))`,
  tables: `${MEMORY} ${GLOBAL} (table $t 10 20000 funcref) (elem $e func $f $g) (func $f (result i32) (i32.const 3)) (func $g (result i32) (i32.const 4)) (func (export "run") (local $i i32)
    ${times(
      '$i',
      5,
      `${seen('(i64.extend_i32_s (table.grow $t (ref.func $f) (i32.const 3500)))')} (table.fill $t (i32.const 1) (ref.func $g) (i32.const 2000)) (table.copy (i32.const 2) (i32.const 1) (i32.const 3000))
      (table.init $t $e (i32.const 0) (i32.const 0) (i32.const 2)) (table.set $t (i32.const 5) (ref.null func)) ${seen('(i64.extend_i32_u (call_indirect (result i32) (i32.add (local.get $i) (i32.const 6))))')}`,
    )}
    (table.fill $t (i32.const 17000) (ref.func $g) (i32.const 2000)))`,
}

/** How one call ends: what stopped it, the fuel that is left, and all that can be seen of the instance. */
function ending({ bytes, abi }: Guarded, budget: bigint, slices: (poll: number) => number): string {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes))
  let polls = 0
  let ran: number | undefined
  const exhausted = (reason: number) => {
    ran = reason
    return 0
  }
  const { fuel, depth } = attachHook(instance, abi, makeHook({ poll: () => slices(polls++), exhausted }))
  assert.ok(fuel !== undefined && depth !== undefined)
  fuel.value = budget
  depth.value = FULL_DEPTH
  let how = 'returned'
  try {
    ;(instance.exports.run as () => void)()
  } catch (error) {
    how = error instanceof WebAssembly.Exception ? 'threw' : error instanceof WebAssembly.RuntimeError ? 'trapped' : String(error)
  }
  const { memory, g } = instance.exports as { memory: WebAssembly.Memory; g: WebAssembly.Global }
  const hash = createHash('sha256').update(new Uint8Array(memory.buffer)).digest('hex').slice(0, 16)
  return `of ${budget}: ${how} ${ran === undefined ? '' : `out of ${Object.keys(EXHAUSTED)[ran]} `}with ${fuel.value} left, ${depth.value} deep, g = ${g.value}, memory ${memory.buffer.byteLength} ${hash}`
}

/** How all of them end. `BLESS=1` writes it anew, after a change of the guard that moves checks. */
const RECORDED = new URL('./determinism.txt', import.meta.url)
const bless = process.env.BLESS !== undefined
const recorded = bless ? '' : readFileSync(RECORDED, 'utf8')
const all: string[] = []
if (bless) after(() => writeFileSync(RECORDED, all.join('\n')))

function mustBeRecorded(name: string, endings: readonly string[]): void {
  const text = `${name}\n${endings.map((ending) => `  ${ending}\n`).join('')}`
  all.push(text)
  if (!bless)
    assert.equal(
      text,
      recorded
        .split(/\n(?! )/)
        .find((each) => each.startsWith(`${name}\n`))
        ?.concat('\n'),
    )
}

for (const [name, text] of Object.entries(MODULES)) {
  test(`ends the same with the same fuel: ${name}`, () => {
    const guarded = guard(wat(`(module ${text})`, name), { deterministic: true })
    const endings = BUDGETS.map((budget) => sliced(guarded, budget))
    assert.match(endings[0] ?? '', /out of fuel/)
    assert.doesNotMatch(endings.at(-1) ?? '', /out of/)
    mustBeRecorded(name, endings)
  })
}

/** How it ends, which is the same however it is sliced. */
function sliced(guarded: Guarded, budget: bigint): string {
  const [whole, ...others] = Object.values(SLICES).map((slices) => ending(guarded, budget, slices))
  for (const other of others) assert.equal(other, whole)
  return whole as string
}

test('what is counted is the same with and without `deterministic`', () => {
  for (const [name, text] of Object.entries(MODULES)) {
    if (/NaN|vectors/.test(name)) continue
    const bytes = wat(`(module ${text})`, name)
    for (const budget of BUDGETS) {
      const [fuel, deterministic] = [{ fuel: true }, { deterministic: true }].map((options) => ending(guard(bytes, options), budget, () => MAX_CREDIT))
      assert.equal(deterministic, fuel, name)
    }
  }
})

/** Each counts in `g` how deep calls come, which depends on what is in the frames. */
const DEEPER = '(global.set $g (i64.add (global.get $g) (i64.const 1)))'
const DEEP: Readonly<Record<string, string>> = {
  'small frames': `(func $f (export "run") ${DEEPER} (call $f))`,
  'frames with 100 locals': `(func $f (export "run") (local ${'i64 '.repeat(100)}) ${DEEPER} (call $f))`,
  'frames with values on the stack': `(func $f (export "run") ${DEEPER} ${'(i32.const 1)'.repeat(40)} (call $f) ${'drop '.repeat(40)})`,
  'two by turns': `(func $f (export "run") ${DEEPER} (call $h (i32.const 1))) (func $h (param i32) (local i64 i64 i64) (call $f))`,
  'calls by a table': `(table funcref (elem $f)) (func $f (export "run") ${DEEPER} (call_indirect (i32.const 0)))`,
  'handlers that catch all': `(func $f (export "run") ${DEEPER} (block $c (try_table (catch_all $c) (call $f))) (call $f))`,
}

for (const [name, code] of Object.entries(DEEP)) {
  test(`calls end at the same depth: ${name}`, () => {
    const ended = sliced(guard(wat(`(module ${MEMORY} ${GLOBAL} ${code})`, name), { deterministic: true }), 2n ** 40n)
    assert.match(ended, /trapped out of depth/)
    mustBeRecorded(name, [ended])
  })
}

test('nothing is recorded of what is not there', { skip: bless }, () => {
  const names = recorded.split('\n').filter((line) => /^\S/.test(line))
  assert.deepEqual(names, [...Object.keys(MODULES), ...Object.keys(DEEP)])
})
