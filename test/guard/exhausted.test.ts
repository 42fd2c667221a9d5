/** What happens when fuel, depth or memory is used up: it ends at the same place, says why, and goes on if it is let. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EXHAUSTED, FULL_DEPTH, MAX_CREDIT } from '../../src/abi.ts'
import { guard } from '../../src/guard/guard.ts'
import { wat } from '../support/wat.ts'
import { attachTo, type Driven, drive } from './drive.ts'
import { fuelOf, suffices } from './fuelled.ts'

const RUN = '(func (export "run")'

test('out of fuel, it ends at a place that depends on nothing but the fuel', () => {
  const source = `(global $n (export "n") (mut i32) (i32.const 0)) ${RUN} (loop $again (global.set $n (i32.add (global.get $n) (i32.const 1))) (br $again)))`
  const rounds = (fuel: bigint, credit: number) => {
    const driven = drive(wat(`(module ${source})`), { fuel: true, poll: () => credit })
    assert.ok(!suffices(driven, fuel))
    return driven.exports.n.value as number
  }
  for (const fuel of [0n, 1n, 4n, 5n, 19n, 20n, 21n, 1_000n, 123_456n]) {
    const expected = rounds(fuel, MAX_CREDIT)
    // Checked every fourth round
    assert.ok(expected >= fuel / 5n && expected <= fuel / 5n + 4n, `${expected} rounds for ${fuel}`)
    for (const credit of [1, 100, 12_345]) assert.equal(rounds(fuel, credit), expected, `${fuel} with a credit of ${credit}`)
  }
})

/** A driver that says what to do when something is used up. */
function withExhausted(source: string, exhausted: (reason: number) => number, options: Parameters<typeof guard>[1] = {}) {
  const { bytes, abi } = guard(wat(`(module ${source})`), { fuel: true, ...options })
  return attachTo(new WebAssembly.Instance(new WebAssembly.Module(bytes)), abi, () => MAX_CREDIT, exhausted)
}

const COUNT = `(global $n (export "n") (mut i32) (i32.const 0)) ${RUN} (param $to i32)
  (loop $again (global.set $n (i32.add (global.get $n) (i32.const 1))) (br_if $again (i32.lt_u (global.get $n) (local.get $to)))))`

test('who runs out of fuel says so, and goes on if it gets more', () => {
  const reasons: number[] = []
  const driven = withExhausted(COUNT, (reason) => {
    reasons.push(reason)
    fuelOf(driven).value += 1_000n
    return 1
  })
  fuelOf(driven).value = 0n
  driven.exports.run(1_000)
  assert.equal(driven.exports.n.value, 1_000)
  assert.ok(reasons.length >= 8_000 / 1_000 - 1 && reasons.length <= 9, `asked ${reasons.length} times`)
  assert.deepEqual([...new Set(reasons)], [EXHAUSTED.fuel])
  assert.equal(fuelOf(driven).value, BigInt(reasons.length * 1_000) - 8_000n)
})

for (const [name, answer, more] of [
  ['an answer that is not positive', 0, 1_000n],
  ['a negative answer', -1, 1_000n],
  ['going on without fuel', 1, 0n],
  ['too little fuel', 1, 1n],
] as const)
  test(`${name} stops who ran out of fuel`, () => {
    let asked = 0
    const driven = withExhausted(COUNT, () => {
      asked++
      fuelOf(driven).value += more
      return answer
    })
    fuelOf(driven).value = 0n
    assert.throws(() => driven.exports.run(1_000), /unreachable/)
    assert.equal(asked, 1)
    assert.ok(driven.exports.n.value <= 4)
  })

// Depth

/** Bytes that a frame counts: its head, locals and operands. */
const frame = (locals: number, operands: number) => 96 + 8 * (locals + operands)
const DEEP = '(global $n (export "n") (mut i32) (i32.const 0)) (func $f (export "run") (global.set $n (i32.add (global.get $n) (i32.const 1))) (call $f))'

function depthOf(driven: Omit<Driven, 'guarded'>): WebAssembly.Global {
  assert.ok(driven.attached.depth)
  return driven.attached.depth
}

test('depth is used up after as many frames as fit, however much of the real stack is in use', () => {
  const reasons: number[] = []
  const driven = withExhausted(DEEP, (reason) => {
    reasons.push(reason)
    return 0
  })
  const levels = () => {
    depthOf(driven).value = FULL_DEPTH
    driven.exports.n.value = 0
    assert.throws(driven.exports.run, /unreachable/)
    return driven.exports.n.value as number
  }
  const below = (frames: number): number => (frames === 0 ? levels() : below(frames - 1))
  const expected = Math.floor(FULL_DEPTH / frame(0, 2))
  // Again and again, so that the code becomes hot
  for (let round = 0; round < 50; round++) assert.equal(levels(), expected)
  assert.equal(below(1_000), expected)
  assert.deepEqual([...new Set(reasons)], [EXHAUSTED.depth])
})

test('a larger frame counts for more', () => {
  const locals = 100
  const driven = withExhausted(
    `(global $n (export "n") (mut i32) (i32.const 0)) (func $f (export "run") (local ${'i64 '.repeat(locals)}) (global.set $n (i32.add (global.get $n) (i32.const 1))) (call $f))`,
    () => 0,
  )
  assert.throws(driven.exports.run, /unreachable/)
  assert.equal(driven.exports.n.value, Math.floor(FULL_DEPTH / frame(locals, 2)))
})

for (const [name, source] of Object.entries({
  'calls that return': '(func $leaf) (func $g (call $leaf)) (func (export "run") (call $g) (call $g))',
  'tail calls':
    '(func $g (param i32) (if (local.get 0) (then (return_call $g (i32.sub (local.get 0) (i32.const 1)))))) (func (export "run") (call $g (i32.const 100000)))',
  'tail calls by way of others':
    '(func $g (param i32) (if (local.get 0) (then (return_call $h (local.get 0) (i64.const 1))))) (func $h (param i32 i64) (local f64 f64) (return_call $g (i32.sub (local.get 0) (i32.const 1)))) (func (export "run") (call $g (i32.const 100000)))',
  'exceptions that pass frames':
    '(tag $t) (func $g (param i32) (if (local.get 0) (then (call $g (i32.sub (local.get 0) (i32.const 1))))) (throw $t)) (func (export "run") (local $n i32) (local.set $n (i32.const 1000)) (loop $again (block $b (try_table (catch_all $b) (call $g (i32.const 100)))) (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))',
})) {
  test(`${name} use no depth in the end`, () => {
    const driven = withExhausted(`${source} (func $probe (export "probe") (call $end)) (func $end)`, () => 0)
    driven.exports.run()
    const depth = depthOf(driven)
    // Who called puts back what was there: so ask one who is called by nobody
    depth.value = FULL_DEPTH
    driven.exports.run()
    assert.ok((depth.value as number) >= FULL_DEPTH - 2 * frame(3, 3), `${depth.value} left`)
  })
}

test('who goes on without depth does', () => {
  const driven = withExhausted(
    '(global $n (export "n") (mut i32) (i32.const 0)) (func $f (export "run") (param i32) (global.set $n (i32.add (global.get $n) (i32.const 1))) (if (local.get 0) (then (call $f (i32.sub (local.get 0) (i32.const 1))))))',
    () => 1,
  )
  depthOf(driven).value = 0
  driven.exports.run(10)
  assert.equal(driven.exports.n.value, 11)
})

test('a table that cannot grow although its limit allows it is a stop, one that its limit forbids is an answer', () => {
  const reasons: number[] = []
  const driven = withExhausted(
    '(table 0 funcref) (func (export "run") (param i32) (result i32) (table.grow (ref.null func) (local.get 0)))',
    (reason) => {
      reasons.push(reason)
      return 0
    },
    { tableLimit: 20_000_000 },
  )
  assert.equal(driven.exports.run(20_000_001), -1)
  assert.deepEqual(reasons, [])
  // V8's own limit is 10,000,000
  assert.throws(() => driven.exports.run(10_000_001), /unreachable/)
  assert.deepEqual(reasons, [EXHAUSTED.memory])
})

test('without fuel there is nothing of it', () => {
  const { attached, guarded } = drive(wat(`(module ${COUNT})`))
  assert.equal(attached.fuel, undefined)
  assert.equal(attached.depth, undefined)
  assert.ok(guarded.bytes.length < guard(wat(`(module ${COUNT})`), { fuel: true }).bytes.length)
})

test('vectors count twice, parameters once more, and a large frame counts where nothing is called', () => {
  const levels = (source: string) => {
    const driven = withExhausted(source, () => 0)
    assert.throws(driven.exports.run, /unreachable/)
    return driven.exports.n.value as number
  }
  const counted = '(global $n (export "n") (mut i32) (i32.const 0))'
  const count = '(global.set $n (i32.add (global.get $n) (i32.const 1)))'
  assert.equal(levels(`${counted} (func $f (export "run") (local v128 v128 v128) ${count} (call $f))`), Math.floor(FULL_DEPTH / (96 + 16 * (3 + 2))))
  assert.equal(
    levels(`${counted} (func (export "run") (call $f (i64.const 1))) (func $f (param i64) ${count} (call $f (local.get 0)))`),
    Math.floor((FULL_DEPTH - frame(0, 1)) / (96 + 8 * (1 + 1 + 2))),
  )
  assert.equal(levels(`${counted} (func (export "run") ${count} (call $leaf)) (func $leaf (local ${'i64 '.repeat(49_990)}) (local.set 0 (i64.const 1)))`), 1)
})
