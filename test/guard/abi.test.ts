/** Driving a guarded module: the counter, the poll and its answers, and a poll that itself has no stack left. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ABI_SECTION, attachHook, MAX_CREDIT, makeHook, promising, Suspending, YIELD } from '../../src/abi.ts'
import { guard } from '../../src/guard/guard.ts'
import { heapOf, NO_CALLS } from '../../src/guard/heap.ts'
import { wat } from '../support/wat.ts'
import { drive } from './drive.ts'

const LOOP = wat(
  '(module (global $n (export "n") (mut i32) (i32.const 0)) (func (export "run") (loop (global.set $n (i32.add (global.get $n) (i32.const 1))) (br 0))))',
)

/** So many rounds may come before the first check: the copies of the body. */
const ROUNDS = 4

test('the first check polls, and a guest without a hook traps there', () => {
  const { bytes } = guard(LOOP)
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes))
  assert.throws(instance.exports.run as () => void, WebAssembly.RuntimeError)
  assert.ok((instance.exports.n as WebAssembly.Global).value <= ROUNDS)
})

test('what is small and bounded needs no hook', () => {
  const { bytes } = guard(
    wat('(module (func $leaf (param i32) (result i32) (i32.mul (local.get 0) (local.get 0))) (func (export "run") (result i32) (call $leaf (i32.const 7))))'),
  )
  const { run } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as { run: () => number }
  assert.equal(run(), 49)
})

for (const answer of [0, -1, -5, MAX_CREDIT + 1, 2 ** 31, -(2 ** 31), 2 ** 32, Number.NaN, Number.POSITIVE_INFINITY, undefined, null, 'x', {}])
  test(`a poll that answers ${String(answer)} stops the guest`, () => {
    const { exports, polls } = drive(LOOP, { poll: () => answer as number })
    assert.throws(exports.run, WebAssembly.RuntimeError)
    assert.equal(polls(), 1)
    assert.ok(exports.n.value <= ROUNDS, `${exports.n.value} rounds`)
  })

test('the answer is what the guest may do until the next poll', () => {
  const ran = (credit: number) => {
    const { exports } = drive(LOOP, { poll: (before) => (before < 2 ? credit : 0) })
    assert.throws(exports.run)
    return exports.n.value as number
  }
  assert.ok(ran(1) <= 3 * ROUNDS)
  const few = MAX_CREDIT / 40
  const little = ran(few)
  const most = ran(MAX_CREDIT)
  assert.ok(little > 100 && Math.abs(most / little - MAX_CREDIT / few) < 0.01 * (MAX_CREDIT / few), `${little} and ${most} rounds`)
})

test('the counter can be read and set from outside', () => {
  const { bytes, abi } = guard(LOOP)
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes))
  let polls = 0
  const { counter } = attachHook(instance, abi, makeHook({ poll: () => -++polls }))
  assert.ok(counter)
  counter.value = MAX_CREDIT
  assert.throws(instance.exports.run as () => void)
  assert.ok((instance.exports.n as WebAssembly.Global).value > 1_000, 'the credit it was given before')
  assert.equal(polls, 1)
})

test('start is called once the hook is there, and memories come in order', () => {
  const { start, exports, guarded } = drive(
    wat('(module (memory (export "first") 1) (memory 2) (global $g (export "g") (mut i32) (i32.const 0)) (func $s (global.set $g (i32.const 7))) (start $s))'),
  )
  assert.equal(exports.g.value, 0)
  start?.()
  assert.equal(exports.g.value, 7)
  assert.deepEqual(guarded.abi.memories, ['first', 'curfew.memory1'])
})

test('a module without code needs no hook', () => {
  const { start, guarded, polls } = drive(wat('(module (memory (export "m") 1))'))
  assert.equal(start, undefined)
  assert.deepEqual(guarded.abi, { version: 2, memories: ['m'], heap: heapOf(guarded.module, NO_CALLS) })
  assert.equal(polls(), 0)
})

test('an imported start function is not run by instantiating', () => {
  let ran = 0
  const { start } = drive(wat('(module (import "m" "f" (func $f)) (start $f))'), { imports: { m: { f: () => ran++ } } })
  assert.equal(ran, 0)
  start?.()
  assert.equal(ran, 1)
})

test('the section tells who has only the bytes', () => {
  const { bytes, abi } = guard(LOOP)
  const [section] = WebAssembly.Module.customSections(new WebAssembly.Module(bytes), ABI_SECTION)
  assert.deepEqual(JSON.parse(Buffer.from(section as ArrayBuffer).toString()), abi)
})

test('what the poll throws is a trap that no guest catches, and the hook says so', () => {
  const { exports, hook } = drive(wat('(module (func (export "run") (loop $l (block $b (try_table (catch_all $b) (loop (br 0)))) (br $l))))'), {
    poll: (before) => {
      if (before > 3) throw new Error('mine')
      return MAX_CREDIT
    },
  })
  assert.throws(exports.run, WebAssembly.RuntimeError)
  assert.equal(hook.failed.value, 1)
})

test('where the stack has no room for the poll, the guest ends instead of running on', () => {
  // At every level of the recursion a handler catches what the level above ended with, and goes on
  const source = `(func $deep ${'(try (do '.repeat(20)} (call $deep) ${') (catch_all (call $deep)))'.repeat(20)})
    (func (export "run") (loop $again (try (do (call $deep)) (catch_all)) (br $again)))`
  let stopped = 0
  const recurse = (depth: number): number => (depth === 0 ? 0 : 1 + recurse(depth - 1))
  const { exports } = drive(wat(`(module ${source})`), {
    poll: (before) => {
      recurse(200)
      return before < 200_000 ? 20_000 : stopped++
    },
  })
  const started = performance.now()
  assert.throws(exports.run)
  assert.ok(performance.now() - started < 5_000)
})

test('a yield suspends the guest until the promise settles', {
  skip: Suspending === undefined || promising === undefined ? 'this engine has no JSPI' : false,
}, async () => {
  const { bytes, abi } = guard(LOOP)
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes))
  const seen: string[] = []
  let polls = 0
  const hook = makeHook({
    poll: () => {
      seen.push('poll')
      return polls++ < 2 ? YIELD : 0
    },
    suspend: () => new Promise((resolve) => setImmediate(resolve, 42)),
    resumed: (token) => {
      seen.push(`resumed ${token}`)
      return MAX_CREDIT
    },
  })
  attachHook(instance, abi, hook)
  const turn = new Promise((resolve) => setImmediate(() => resolve(seen.push('turn'))))
  await assert.rejects((promising as NonNullable<typeof promising>)(instance.exports.run as () => void)(), WebAssembly.RuntimeError)
  await turn
  assert.deepEqual(
    seen.filter((each) => each !== 'turn'),
    ['poll', 'resumed 42', 'poll', 'resumed 42', 'poll'],
  )
})

for (const [name, options, names] of [
  ['without fuel: a counter and one hook', {}, ['counter', 'hooks']],
  ['with fuel: a global for it and one for the depth, and two hooks', { fuel: true }, ['counter', 'depth', 'fuel', 'hooks']],
  ['deterministic: the same, as that counts fuel', { deterministic: true }, ['counter', 'depth', 'fuel', 'hooks']],
] as const)
  test(`what is exported ${name}`, () => {
    const { bytes, abi } = guard(LOOP, options)
    assert.deepEqual(Object.keys(abi).sort(), [...names, 'heap', 'version'].sort())
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes))
    assert.deepEqual(Object.keys(exports).sort(), [...names.map((key) => abi[key]), 'n', 'run'].sort())
    assert.equal((exports[abi.hooks as string] as WebAssembly.Table).length, names.length / 2)
    assert.equal((exports[abi.counter as string] as WebAssembly.Global).value, 0)
    if (abi.fuel === undefined) return
    assert.equal((exports[abi.fuel] as WebAssembly.Global).value, 0n)
    assert.equal((exports[abi.depth as string] as WebAssembly.Global).value, 0)
  })

test('a yield without suspension is a stop', () => {
  const { exports } = drive(LOOP, { poll: () => YIELD })
  assert.throws(exports.run, WebAssembly.RuntimeError)
})
