/**
 * Between two polls, a guarded module works no longer than `bound-meter.ts` says, and does nothing that no check has paid for: shown on random modules,
 * on the attacks, on real modules, and on the paths that are easily got wrong. `SEEDS=10000` tries more of the random ones.
 */

import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { attachHook, MAX_CREDIT, makeHook } from '../../src/abi.ts'
import { LoadError } from '../../src/errors.ts'
import { FAR_ENTRY, MANY_FUNCTIONS } from '../../src/guard/costs.ts'
import { type Guarded, type GuardOptions, guard } from '../../src/guard/guard.ts'
import { FEATURES } from '../fuzz/features.ts'
import { bounded } from '../fuzz/generators/bound.ts'
import { ownModule } from '../fuzz/generators/own/module.ts'
import { plan } from '../fuzz/harness/plan.ts'
import { boundedGaps } from '../fuzz/oracles/gaps.ts'
import { OPEN, VARIANTS } from '../fuzz/oracles/variants.ts'
import { mix, Random } from '../fuzz/random.ts'
import { wat } from '../support/wat.ts'
import { randomCalls } from './bound-calls.ts'
import { Meter } from './bound-meter.ts'
import { build, type Emit, times } from './build.ts'
import { type Instrumented, instrument } from './oracle.ts'
import { print } from './print.ts'
import { randomModule } from './random-module.ts'

const SEEDS = Number(process.env.SEEDS ?? 200)
const POLLS = 60

/** What polls grant: little, so that calls that wait weigh most; or anything. */
const little = () => 1
const some = (random: Random) => () => random.pick([1, 1, 10, 300, 5_000, 60_000])

interface Call {
  readonly polls?: number
  readonly grant?: () => number
  readonly args?: readonly (readonly number[])[]
  /** The only export that is called. */
  readonly only?: string
}

/** Calls the exports, each with some arguments and so many polls. */
function observe(instrumented: Instrumented, { polls = POLLS, grant = little, args = [[0], [1], [7], [-1]], only }: Call = {}): Meter {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(instrumented.bytes))
  const meter = new Meter(instrumented, instance)
  let left = 0
  const poll = () => {
    const credit = left-- > 0 ? grant() : 0
    meter.poll(credit)
    return credit
  }
  const { fuel, depth } = attachHook(instance, instrumented.guarded.abi, makeHook({ poll }))
  for (const [name, fn] of Object.entries(instance.exports)) {
    if (typeof fn !== 'function' || (only !== undefined && name !== only)) continue
    for (const each of args) {
      left = polls
      if (fuel !== undefined) fuel.value = 2n ** 40n
      // As deep as the engine's own stack
      if (depth !== undefined) depth.value = 2 ** 30
      meter.enter()
      try {
        fn(...each)
      } catch (error) {
        assert.ok(error instanceof WebAssembly.RuntimeError || error instanceof WebAssembly.Exception || error instanceof RangeError, String(error))
      }
      meter.look()
    }
  }
  return meter
}

function mustBeFine({ wrong }: Meter, { bytes }: Guarded, what: string): void {
  if (wrong !== undefined) assert.fail(`${what}: ${wrong}\n${print(bytes)}`)
}

const WAYS: Readonly<Record<string, GuardOptions>> = { 'as it is by default': {}, 'with fuel': { fuel: true }, deterministic: { deterministic: true } }

for (const [way, options] of Object.entries(WAYS)) {
  test(`${SEEDS} random modules, guarded ${way}`, (t) => {
    let polls = 0
    for (let seed = 0; seed < SEEDS; seed++) {
      const guarded = guard(randomModule(seed), options)
      const meter = observe(instrument(guarded), { grant: some(new Random(seed)) })
      polls += meter.polls
      mustBeFine(meter, guarded, `seed ${seed}`)
    }
    t.diagnostic(`${polls} polls`)
    assert.ok(polls > 10 * SEEDS)
  })

  test(`${SEEDS} random graphs of calls, guarded ${way}`, (t) => {
    let [polls, frames, share] = [0, 0, 0]
    for (let seed = 0; seed < SEEDS; seed++) {
      const bytes = randomCalls(seed)
      assert.ok(WebAssembly.validate(bytes), `seed ${seed} is valid`)
      const guarded = guard(bytes, options)
      const instrumented = instrument(guarded)
      // The last comes to the bottom of deep calls, and back
      for (const call of [
        { grant: little, args: [[6, 6]] },
        { grant: some(new Random(seed)), args: [[300, 2]] },
        { grant: () => 100_000, polls: 300, args: [[3_000, 3_000]] },
      ]) {
        const meter = observe(instrumented, call)
        mustBeFine(meter, guarded, `seed ${seed}`)
        polls += meter.polls
        frames = Math.max(frames, meter.frames)
        share = Math.max(share, meter.share)
      }
    }
    t.diagnostic(`${polls} polls, with up to ${frames} frames waiting, and ${(100 * share).toFixed()} % of what is allowed`)
    assert.ok(polls > 10 * SEEDS && frames > 100)
  })
}

test(`${SEEDS} modules with everything in them`, () => {
  for (let seed = 0; seed < SEEDS; seed++) {
    const bytes = bounded(ownModule(seed, FEATURES), true) as Uint8Array<ArrayBuffer>
    const { name, prepare } = VARIANTS[seed % 3] as (typeof VARIANTS)[number]
    const { attach, guarded } = prepare(bytes)
    const failure = boundedGaps(plan(bytes, mix(seed, 1)), guarded as Guarded, attach, 200)
    assert.equal(failure, undefined, `seed ${seed}, ${name}: ${failure?.details.join('\n')}`)
  }
})

/** 60 of them weigh 5,040: two such ways are too much for one check. */
const work = (count: number) => '(drop (i32.div_u (local.get 0) (i32.const 7)))'.repeat(count)

const ATTACKS = new URL('./attacks/', import.meta.url)
for (const file of readdirSync(ATTACKS).filter((name) => name.endsWith('.wat'))) {
  test(`attack ${file}`, (t) => {
    const bytes = wat(readFileSync(new URL(file, ATTACKS), 'utf8'), file)
    if (!WebAssembly.validate(bytes)) return t.skip('this engine lacks an instruction')
    let guarded: Guarded
    try {
      guarded = guard(bytes)
    } catch (error) {
      assert.ok(error instanceof LoadError)
      return t.skip(`refused: ${error.message}`)
    }
    const instrumented = instrument(guarded)
    for (const [polls, grant] of [
      [300, little],
      [100, () => 50_000],
      [3, () => MAX_CREDIT],
    ] as const) {
      const meter = observe(instrumented, { polls, grant, args: [[]], only: 'run' })
      mustBeFine(meter, guarded, `granted ${grant()}`)
      assert.ok(meter.polls > 0)
    }
  })
}

test('a guest that the host calls back, again and again, does not work on for each call that waits', () => {
  const bytes = wat(`(module (import "host" "back" (func $back (param i32)))
    (func $f (export "f") (param i32) (if (local.get 0) (then (call $back (i32.sub (local.get 0) (i32.const 1))) ${work(60)}))))`)
  const guarded = guard(bytes)
  const instrumented = instrument(guarded)
  const instance = new WebAssembly.Instance(new WebAssembly.Module(instrumented.bytes), { host: { back: (left: number) => f(left) } })
  const meter = new Meter(instrumented, instance)
  const poll = () => {
    meter.poll(1)
    return 1
  }
  attachHook(instance, guarded.abi, makeHook({ poll }))
  const f = (left: number) => {
    meter.enter()
    ;(instance.exports.f as (left: number) => void)(left)
  }
  f(500)
  meter.look()
  mustBeFine(meter, guarded, 'called back')
  assert.ok(meter.frames > 0)
})

test('functions that each wait for the next, in no circle, do not owe too much together', () => {
  const chain = Array.from({ length: 300 }, (_, at) => `(func $f${at} (param i32) (call $f${at + 1} (local.get 0)) ${work(90)})`).join('')
  const last = `(func $f300 (param i32) (local.set 0 (i32.const 9)) (loop ${work(60)} (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))`
  const guarded = guard(wat(`(module ${chain} ${last} (export "f" (func $f0)))`))
  const meter = observe(instrument(guarded), { polls: 10_000, args: [[0]] })
  mustBeFine(meter, guarded, 'a chain')
  assert.ok(meter.frames > 10)
})

test('who calls a function of the same circle pays for what that does until its first check', () => {
  const guarded = guard(
    wat(`(module (func $f (export "f") (param i32)
        (if (i32.gt_s (local.get 0) (i32.const 9)) (then (call $g (i32.sub (local.get 0) (i32.const 1))))) (br_if 0 (i32.eqz (local.get 0))) ${work(90)})
      (func $g (param i32) (call $f (i32.const 3)) (call $f (i32.const 3)) (call $f (i32.const 3)) (call $f (local.get 0)) ${work(30)}))`),
  )
  mustBeFine(observe(instrument(guarded), { polls: 1_000, args: [[0], [1], [10], [100]] }), guarded, 'a circle')
})

test('a function that waits owes little also where the circle is closed by calls in the place of the caller', () => {
  const sub = '(i32.sub (local.get 0) (i32.const 1))'
  const guarded = guard(
    wat(`(module (table funcref (elem $f $g $j)) (type $t (func (param i32)))
      (func $g (type $t) (return_call $h (local.get 0))) (func $h (type $t) (return_call $f (local.get 0)))
      (func $f (type $t) (if (local.get 0) (then (call $g ${sub}))) ${work(90)})
      (func $i (type $t) (return_call_indirect (type $t) (local.get 0) (i32.const 2)))
      (func $j (type $t) (if (local.get 0) (then (call $i ${sub}))) ${work(90)})
      (export "f" (func $f)) (export "j" (func $j)))`),
  )
  const meter = observe(instrument(guarded), { polls: 10_000, grant: () => 100_000, args: [[1_000]] })
  mustBeFine(meter, guarded, 'tail calls')
  assert.ok(meter.frames > 10)
})

test('bulk operations are done in chunks, with a check for each', () => {
  const guarded = guard(
    wat(`(module (memory 200) (table 90000 funcref) (func (export "f") (param i32)
      (memory.fill (i32.const 0) (i32.const 1) (i32.const 13000000))
      (memory.copy (i32.const 9) (i32.const 0) (i32.const 13000000)) (memory.copy (i32.const 0) (i32.const 9) (i32.const 13000000))
      (table.fill (i32.const 0) (ref.null func) (i32.const 90000)) (table.copy (i32.const 1) (i32.const 0) (i32.const 89000))
      (drop (memory.grow (i32.const 90)))))`),
  )
  const meter = observe(instrument(guarded), { polls: 10_000, args: [[0]] })
  mustBeFine(meter, guarded, 'bulk')
  assert.ok(meter.polls > 3 * 198 + 2 * 87 + 90, `${meter.polls} polls`)
})

test('entering a function is paid for as far away in a module of so many that their code may be in no cache', () => {
  const work = (functions: number) => {
    const body = (emit: Emit) => times(100, (index) => emit('call', index + 1))
    const guarded = guard(build({ functions: [{ body }, ...new Array(functions - 1).fill({})] }))
    const meter = observe(instrument(guarded), { args: [[]] })
    mustBeFine(meter, guarded, `${functions} functions`)
    const instance = new WebAssembly.Instance(new WebAssembly.Module(guarded.bytes))
    const { counter } = attachHook(instance, guarded.abi, makeHook({ poll: () => MAX_CREDIT }))
    assert.ok(counter)
    counter.value = MAX_CREDIT
    ;(instance.exports.run as () => void)()
    return MAX_CREDIT - counter.value
  }
  assert.ok(work(MANY_FUNCTIONS + 1) - work(MANY_FUNCTIONS) >= 100 * FAR_ENTRY)
})

/** Two of many packages: what is to be seen here is that checks are all there is beside the original. */
const REAL = new URL('../../bench/real/node_modules/', import.meta.url)
for (const file of ['sql.js/dist/sql-wasm.wasm', '@jitl/quickjs-wasmfile-release-sync/dist/emscripten-module.wasm']) {
  const url = new URL(file, REAL)
  test(`no check of ${file} pays for more than it may`, { skip: existsSync(url) ? false : 'the packages of bench/real are not installed' }, () => {
    for (const options of Object.values(WAYS)) {
      const { bytes, largestCharge, largestWay } = instrument(guard(new Uint8Array(readFileSync(url)), { ...OPEN, ...options }))
      assert.ok(WebAssembly.validate(bytes))
      assert.ok(largestCharge > 0 && largestCharge <= largestWay, `${largestCharge} of ${largestWay}`)
    }
  })
}

const LONG: Readonly<Record<string, string>> = {
  'straight-line code': work(9_000),
  'loops, one after the other': `(loop ${work(60)} (br_if 0 (i32.const 0)))`.repeat(150),
  'short loops, one after the other': `(loop ${work(7)} (br_if 0 (i32.const 0)))`.repeat(150),
  'loops that do not loop': `(loop ${work(60)})`.repeat(150),
  'nested loops': `${`(loop ${work(60)}`.repeat(90)} ${')'.repeat(90)}`,
  'nested blocks': `${`(block ${work(60)}`.repeat(150)} ${')'.repeat(150)}`,
  'nested arms': `${`(if (local.get 0) (then ${work(60)}) (else ${work(60)}`.repeat(150)} ${'))'.repeat(150)}`,
  'branches out of a block': `(block ${`(br_if 0 (i32.eqz (local.get 0))) ${work(60)}`.repeat(150)})`,
  calls: '(call $work (local.get 0))'.repeat(150),
}

for (const [name, code] of Object.entries(LONG)) {
  test(`no check pays for more than it may: ${name}`, () => {
    const guarded = guard(wat(`(module (func $work (param i32) ${work(80)}) (func (export "f") (param i32) ${code}))`))
    mustBeFine(observe(instrument(guarded)), guarded, name)
  })
}

/** Code that is easily weighed wrong: each has a light and a heavy way, and takes the heavy one for some argument. */
const HEAVY = '(drop (f64.sqrt (f64.load (i32.const 0))))'.repeat(8)
const NEXT = '(local.tee 0 (i32.sub (local.get 0) (i32.const 1)))'
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
  'a br_table to a loop that is copied': `(loop $out (loop $l (block $b (br_table $l $l $l $b ${NEXT})))) ${HEAVY}`,
  'a br_table to the function': `(block $a (br_table $a 1 (local.get 0))) ${HEAVY}`,
  'a loop that does not loop': `(loop ${HEAVY}) ${HEAVY}`,
  'a loop in which the end is heavy': `(loop $l ${HEAVY} (br_if $l (local.tee 0 (i32.shr_u (local.get 0) (i32.const 1)))) ${HEAVY}) ${HEAVY}`,
  'loops that go around a few times': `(loop $out ${`(local.set 1 (i32.const 4)) (loop $l (br_if $l (local.tee 1 (i32.sub (local.get 1) (i32.const 1)))))`.repeat(9)} (br_if $out ${NEXT})) ${HEAVY}`,
  'a loop that is left from a copy, one way or another': `(loop $out (block $b (loop $l (br_if $b (i32.eqz ${NEXT})) (br_if $l (i32.and (local.get 0) (i32.const 3)))) ${HEAVY}) (br_if $out (local.get 0)))`,
  'a loop that is left by a call in its place': `(loop $l (if (i32.eqz ${NEXT}) (then (return_call $f (i32.const 9)))) (br_if $l (i32.and (local.get 0) (i32.const 3)))) (call $f (local.get 0))`,
  'a block with parameters': `(local.get 0) (block (param i32) (br_if 0) ${HEAVY}) ${HEAVY}`,
  br_on_null: `(block $null (drop (br_on_null $null (ref.null func))) ${HEAVY}) ${HEAVY}`,
  br_on_non_null: `(block $some (result (ref func)) (br_on_non_null $some (ref.func $f)) ${HEAVY} (ref.func $f)) drop ${HEAVY}`,
  br_on_cast: `(block $some (result (ref func)) (br_on_cast $some funcref (ref func) (ref.func $f)) drop ${HEAVY} (ref.func $f)) drop ${HEAVY}`,
  'after a call, over a branch': `(if (local.get 0) (then (call $f (i32.const 0)))) ${HEAVY}`,
  'after a call, one way': `(if (local.get 0) (then (call $f (i32.const 0)) (br_if 0 (i32.eqz (local.get 0))) ${HEAVY}))`,
  'a throw that is caught': `(block $c (try_table (catch $t $c) (if (local.get 0) (then (throw $t)))) ${HEAVY}) ${HEAVY}`,
  'a throw from below': `(block $c (try_table (catch_all $c) (call $throws) ${HEAVY})) ${HEAVY}`,
  'a throw that leaves by the function': `(try_table (catch_all 0) (call $throws)) ${HEAVY}`,
  'a throw to a loop': `(loop $l (local.set 0 (i32.shr_u (local.get 0) (i32.const 1))) (try_table (catch_all $l) (if (local.get 0) (then (call $throws)))) ${HEAVY})`,
  'growing and then work': `(drop (memory.grow (i32.const 0))) ${HEAVY}`,
}

for (const [name, code] of Object.entries(PATHS)) {
  test(`${name}: paid for`, () => {
    const original = wat(
      `(module (memory 1) (tag $t) (elem declare func $f) (func $f (export "f") (param i32) (local i32) ${code}) (func $throws ${HEAVY} (throw $t)))`,
    )
    assert.ok(WebAssembly.validate(original))
    for (const options of Object.values(WAYS)) {
      const guarded = guard(original, options)
      mustBeFine(observe(instrument(guarded), { args: [[0], [1], [2], [3], [4], [5], [64], [-1]] }), guarded, name)
    }
  })
}

/** The first check subtracts something else, that takes as many bytes. */
function withCharge(guarded: Guarded, from: number, to: number): Guarded {
  const encoded = (charge: number) => Buffer.from([0x41, (charge & 0x7f) | 0x80, charge >> 7, 0x6b])
  const at = Buffer.from(guarded.bytes).indexOf(encoded(from))
  assert.ok(at > 0)
  const bytes = guarded.bytes.slice()
  bytes.set(encoded(to), at)
  return { ...guarded, bytes }
}

test('the oracle sees a charge that is one too small', () => {
  const guarded = guard(wat(`(module (func $f (export "f") (param i32) ${work(60)} (if (local.get 0) (then (call $f (i32.const 0))))))`))
  const charge = 16 + 2 + 60 * 84 + 2 + 8 + 2 + 24
  assert.equal(observe(instrument(guarded)).wrong, undefined)
  assert.match(observe(instrument(withCharge(guarded, charge, charge - 1))).wrong ?? '', /^1 done that nobody had paid for/)
})

test('the oracle sees that something of the original is missing', () => {
  const guarded = guard(wat('(module (func (export "f") (result i32) (i32.add (i32.const 1) (i32.const 2))))'))
  const bytes = guarded.bytes.slice()
  bytes[Buffer.from(bytes).indexOf(Buffer.of(0x41, 2, 0x6a)) + 2] = 0x6b
  assert.throws(() => instrument({ ...guarded, bytes }), /i32.add at \d+, but guarded i32.sub/)
})
