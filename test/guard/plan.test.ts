/** The checks pay for what is done: shown on random modules by an oracle that counts what runs, and on the paths that are easily got wrong. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { attachHook, makeHook } from '../../src/abi.ts'
import { type Guarded, guard } from '../../src/guard/guard.ts'
import { wat } from '../support/wat.ts'
import { HEAVY_AFTER_CALL, instrument, LONG_SEGMENT, UNPAID } from './oracle.ts'
import { print } from './print.ts'
import { randomModule } from './random-module.ts'

const SEEDS = Number(process.env.SEEDS ?? 400)
const POLLS = 60

/** Calls every function with some arguments, granting little each time, and returns what the oracle saw. */
function observe(guarded: Guarded, bytes: Uint8Array<ArrayBuffer>, args: readonly number[] = [0, 1, 7, -1]): { seen: number; polls: number } {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes))
  let polls = 0
  let left = 0
  const poll = () => {
    polls++
    return left-- > 0 ? 1 + ((polls * 7919) % 50_000) : 0
  }
  attachHook(instance, guarded.abi, makeHook({ poll }))
  for (const fn of Object.values(instance.exports)) {
    if (typeof fn !== 'function') continue
    for (const arg of args) {
      left = POLLS
      try {
        fn(arg)
      } catch (error) {
        assert.ok(error instanceof WebAssembly.RuntimeError || error instanceof WebAssembly.Exception || error instanceof RangeError, String(error))
      }
    }
  }
  return { seen: (instance.exports.oracle as WebAssembly.Global).value, polls }
}

test(`of ${SEEDS} random modules, none does work that no check has paid for`, () => {
  let polls = 0
  for (let seed = 0; seed < SEEDS; seed++) {
    const original = randomModule(seed)
    assert.ok(WebAssembly.validate(original), `seed ${seed} is valid`)
    const guarded = guard(original)
    const result = observe(guarded, instrument(guarded))
    polls += result.polls
    assert.equal(result.seen, 0, `seed ${seed}: the oracle saw ${result.seen}\n${result.seen === 0 ? '' : print(guarded.bytes)}`)
  }
  assert.ok(polls > 10 * SEEDS, `they ran: ${polls} polls`)
})

/** Code that is easily weighed wrong: each has a light and a heavy way, and takes the heavy one for some argument. */
const HEAVY = '(drop (f64.sqrt (f64.load (i32.const 0))))'.repeat(8)
const PATHS: Readonly<Record<string, string>> = {
  'else after a jump': `(if (local.get 0) (then (return)) (else ${HEAVY}))`,
  'then before an else that leaves': `(if (local.get 0) (then ${HEAVY}) (else (return))) ${HEAVY}`,
  'if without else': `(if (local.get 0) (then)) ${HEAVY}`,
  'nested ifs': `(if (local.get 0) (then (if (local.get 0) (then ${HEAVY}) (else nop))) (else (if (local.get 0) (then nop) (else ${HEAVY} ${HEAVY}))))`,
  'out of two blocks': `(block $out (block $in (br_if $in (local.get 0)) (br $out)) ${HEAVY}) ${HEAVY}`,
  'code after a jump': `(block (br 0) ${HEAVY} (br_if 0 (i32.const 1))) ${HEAVY}`,
  'code after unreachable': `(block (br_if 0 (local.get 0)) unreachable ${HEAVY}) ${HEAVY}`,
  'a loop in code that is not reached': `(block (br 0) (loop ${HEAVY} (br 0))) ${HEAVY}`,
  'a br_table': `(block $a (block $b (block $c (br_table $a $b $c (local.get 0))) ${HEAVY}) ${HEAVY} ${HEAVY}) ${HEAVY}`,
  'a br_table to a loop': `(local.set 0 (i32.const 2)) (loop $l (block $out (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br_table $out $l $out (local.get 0))) ${HEAVY})`,
  'a br_table to the function': `(block $a (br_table $a 1 (local.get 0))) ${HEAVY}`,
  'a loop that does not loop': `(loop ${HEAVY}) ${HEAVY}`,
  'a loop in which the end is heavy': `(loop $l ${HEAVY} (br_if $l (local.tee 0 (i32.shr_u (local.get 0) (i32.const 1)))) ${HEAVY}) ${HEAVY}`,
  'a block with parameters': `(local.get 0) (block (param i32) (br_if 0) ${HEAVY}) ${HEAVY}`,
  br_on_null: `(block $null (drop (br_on_null $null (ref.null func))) ${HEAVY}) ${HEAVY}`,
  br_on_non_null: `(block $some (result (ref func)) (br_on_non_null $some (ref.func $f)) ${HEAVY} (ref.func $f)) drop ${HEAVY}`,
  br_on_cast: `(block $some (result (ref func)) (br_on_cast $some funcref (ref func) (ref.func $f)) drop ${HEAVY} (ref.func $f)) drop ${HEAVY}`,
  'after a call, over a branch': `(if (local.get 0) (then (call $f (i32.const 0)))) ${HEAVY}`,
  'after a call, one way': `(if (local.get 0) (then (call $f (i32.const 0)) (br_if 0 (i32.eqz (local.get 0))) ${HEAVY}))`,
  'a throw that is caught': `(block $c (try_table (catch $t $c) (throw_if)) ${HEAVY}) ${HEAVY}`.replace('(throw_if)', '(if (local.get 0) (then (throw $t)))'),
  'a throw from below': `(block $c (try_table (catch_all $c) (call $throws) ${HEAVY})) ${HEAVY}`,
  'a throw that leaves by the function': `(try_table (catch_all 0) (call $throws)) ${HEAVY}`,
  'a throw to a loop': `(loop $l (local.set 0 (i32.shr_u (local.get 0) (i32.const 1))) (try_table (catch_all $l) (if (local.get 0) (then (call $throws)))) ${HEAVY})`,
  'growing and then work': `(drop (memory.grow (i32.const 0))) ${HEAVY}`,
}

for (const [name, code] of Object.entries(PATHS)) {
  test(`${name}: paid for`, () => {
    const original = wat(`(module (memory 1) (tag $t) (elem declare func $f) (func $f (export "f") (param i32) ${code}) (func $throws ${HEAVY} (throw $t)))`)
    assert.ok(WebAssembly.validate(original))
    const guarded = guard(original)
    const { seen } = observe(guarded, instrument(guarded))
    assert.equal(seen, 0, seen === 0 ? '' : print(guarded.bytes))
  })
}

/** The charge of the first check becomes another of the same length. */
function withCharge(bytes: Uint8Array<ArrayBuffer>, from: number, to: number): Uint8Array<ArrayBuffer> {
  const leb = (value: number) => [0x41, (value & 0x7f) | 0x80, value >> 7, 0x6b]
  const at = Buffer.from(bytes).indexOf(Buffer.from(leb(from)))
  assert.ok(at > 0)
  const changed = bytes.slice()
  changed.set(leb(to), at)
  return changed
}

test('the oracle sees a charge that is too small, heavy work after a call and a long way without a check', () => {
  const light = guard(wat('(module (memory 1) (func (export "f") (param i32) (drop (i32.load (local.get 0)))))'))
  const charge = 16 + 2 + 2 + 160
  assert.equal(observe(light, instrument(light), [0]).seen, 0)
  assert.equal(observe(light, instrument({ ...light, bytes: withCharge(light.bytes, charge, charge - 1) }), [0]).seen, UNPAID)
  const afterCall = guard(
    wat('(module (memory 1) (func $f (export "f") (param i32) (if (local.get 0) (then (call $f (i32.const 0)))) (drop (i32.load (i32.const 0)))))'),
  )
  assert.equal(observe(afterCall, instrument(afterCall)).seen, 0)
  assert.equal(observe(afterCall, instrument({ ...afterCall, bytes: onlyEntryChecks(afterCall.bytes) })).seen, UNPAID | HEAVY_AFTER_CALL)
  const long = guard(wat(`(module (memory 1) (func (export "f") (param i32) ${'(drop (f64.load (i32.const 8)))'.repeat(700)}))`))
  assert.equal(observe(long, instrument(long)).seen, 0)
  assert.equal(observe(long, instrument({ ...long, bytes: onlyEntryChecks(long.bytes) })).seen, UNPAID | LONG_SEGMENT)
})

/** Every check but the first becomes instructions that do nothing. */
function onlyEntryChecks(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  let count = 0
  // global.get, i32.const, i32.sub, local.tee, global.set, local.get, i32.const 0, i32.lt_s, if, call, end; as hexadecimal with a space each
  const check = / 23 .. 41(?: [89a-f].)* [0-7]. 6b 22 .. 24 .. 20 .. 41 00 48 04 40 10 .. 0b/g
  const text = Array.from(bytes, (byte) => ` ${byte.toString(16).padStart(2, '0')}`).join('')
  const changed = text.replace(check, (found) => (count++ === 0 ? found : ' 01'.repeat(found.length / 3)))
  assert.ok(count > 1)
  return Uint8Array.from(changed.trim().split(' '), (byte) => Number.parseInt(byte, 16))
}
