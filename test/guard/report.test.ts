/** What the guard says that it did: how many checks of which kind, and what became of each function. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SEGMENT, TOLL } from '../../src/guard/costs.ts'
import { heapOf } from '../../src/guard/heap.ts'
import { type GuardOptions, type GuardReport, guard } from '../../src/guard/index.ts'
import type { Checks, FunctionReport } from '../../src/guard/report.ts'
import { parseModule } from '../../src/wasm/module.ts'
import { wat } from '../support/wat.ts'
import { decodeAll } from '../wasm/decode.ts'
import { randomModule } from './random-module.ts'

const reportOf = (source: string, options?: GuardOptions): GuardReport => guard(wat(`(module ${source})`), options).report
/** The kinds of checks that there are. */
const found = (checks: Checks) => Object.fromEntries(Object.entries(checks).filter(([, count]) => count > 0))

const LOOP_BACK = '(br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))'
const HEAVY = '(drop (i32.load (i32.const 0)))'.repeat(45)

/** What each has, and no other checks. */
const KINDS: Readonly<Record<string, readonly [source: string, checks: Partial<Checks>]>> = {
  'a small leaf': ['(func (param i32) (local.set 0 (i32.const 1)))', {}],
  'a small caller of a small leaf': ['(func $leaf) (func (call $leaf) (call $leaf))', {}],
  'a loop': [`(func (param i32) (loop $again ${LOOP_BACK}))`, { copies: 1 }],
  'a loop with a heavy call': [`(memory 1) (func $heavy ${HEAVY}) (func (param i32) (loop $again (call $heavy) ${LOOP_BACK}))`, { back: 1 }],
  'a loop that a br_table repeats, with another in it': ['(func (param i32) (loop $a (loop $b (br_table $b $a 2 (local.get 0)))))', { header: 1, copies: 1 }],
  'a loop that is never repeated': ['(func (loop (drop (i32.const 1))))', {}],
  recursion: ['(func $f (call $f))', { entry: 1 }],
  'recursion on one of two ways': ['(func $f (param i32) (if (local.get 0) (then (call $f (i32.const 0)))))', { path: 1 }],
  'recursion with much to do afterwards': [`(memory 1) (func $f (call $f) ${HEAVY})`, { entry: 1, afterCall: 1 }],
  'a call of an import': ['(import "m" "f" (func $f)) (func (call $f))', { afterCall: 1 }],
  'a handler': ['(tag $t) (func $f (throw $t)) (func (block $b (try_table (catch_all $b) (call $f))))', { entry: 1, handler: 1 }],
  'a bulk operation': ['(memory 1) (func (param i32) (memory.fill (i32.const 0) (i32.const 0) (local.get 0)))', { helper: 1 }],
  'a short bulk operation': ['(memory 1) (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 8)))', {}],
  growing: ['(memory 1) (table 1 funcref) (func (drop (memory.grow (i32.const 1))) (drop (table.grow (ref.null func) (i32.const 1))))', { helper: 2 }],
  'much straight-line code': [`(memory 1) (func ${HEAVY} ${HEAVY} ${HEAVY})`, { entry: 1, path: 1 }],
}

for (const [name, [source, checks]] of Object.entries(KINDS)) {
  test(`the checks of ${name}`, () => {
    assert.deepEqual(found(reportOf(source).checks), checks)
    assert.deepEqual(found(reportOf(source, { fuel: true }).checks), checks, 'and as many with fuel')
  })
}

const byFunction = (source: string, options: GuardOptions = {}): readonly FunctionReport[] =>
  reportOf(source, { ...options, perFunction: true }).functions ?? assert.fail('none')

test('functions are reported by their index, with the size of their bodies before and after', () => {
  const source = `(import "m" "f" (func $host)) (func $leaf) (func $looping (param i32) (loop $again ${LOOP_BACK})) (func $calling (call $host))`
  const bytes = wat(`(module ${source})`)
  const guarded = guard(bytes, { perFunction: true })
  const [before, after] = [bytes, guarded.bytes].map((each) => {
    const { bodyStarts, bodyEnds } = parseModule(each)
    return [0, 1, 2].map((at) => (bodyEnds[at] as number) - (bodyStarts[at] as number))
  })
  const functions = guarded.report.functions ?? []
  assert.deepEqual(
    functions.map(({ index }) => index),
    [1, 2, 3],
  )
  assert.deepEqual(
    functions.map(({ size }) => size),
    before,
  )
  assert.deepEqual(
    functions.map(({ guardedSize }) => guardedSize),
    after,
  )
  assert.equal(functions[0]?.guardedSize, functions[0]?.size, 'a leaf stays as it is')
})

test('who has no check at its entry is paid for by its callers', () => {
  const free = byFunction(
    `(memory 1) (func $leaf) (func $recursive (call $recursive)) (func $loops (param i32) (loop $again ${LOOP_BACK})) (func $long ${HEAVY}${HEAVY})`,
  ).map(({ isFree }) => isFree)
  assert.deepEqual(free, [true, false, true, false])
})

test('the heaviest check is named', () => {
  const [leaf, long, after] = byFunction(`(memory 1) (func $leaf) (func $long ${HEAVY}${HEAVY}) (func $circle (call $circle) ${HEAVY})`) as [
    FunctionReport,
    FunctionReport,
    FunctionReport,
  ]
  assert.equal(leaf.heaviest, 0)
  assert.ok(long.heaviest > SEGMENT && long.heaviest < 3 * SEGMENT, `${long.heaviest}`)
  assert.ok(after.heaviest >= TOLL)
})

test('places where fuel is subtracted are counted, with fuel', () => {
  const source = `(func (param i32) (if (local.get 0) (then (local.set 0 (i32.const 1))) (else (local.set 0 (i32.add (i32.const 1) (i32.const 1)))))) (func) (func (param i32) (local.set 0 (i32.const 1)) (loop $again ${LOOP_BACK}))`
  assert.deepEqual(
    byFunction(source).map(({ fuel }) => fuel),
    [0, 0, 0],
  )
  assert.deepEqual(
    byFunction(source, { fuel: true }).map(({ fuel }) => fuel),
    [2, 0, 2],
  )
})

test('the sum of all functions is what the module has, and reporting changes nothing', () => {
  for (let seed = 0; seed < 40; seed++) {
    const bytes = randomModule(seed)
    const { report, bytes: guarded } = guard(bytes, { perFunction: true })
    const sum: Record<string, number> = {}
    for (const { checks } of report.functions ?? []) for (const [kind, count] of Object.entries(checks)) sum[kind] = (sum[kind] ?? 0) + count
    assert.deepEqual(sum, report.checks)
    assert.deepEqual(guard(bytes).bytes, guarded)
    assert.equal(guard(bytes).report.functions, undefined)
    assert.deepEqual([report.size, report.guardedSize], [bytes.length, guarded.length])
  }
})

test('its calls are all that the guarded code has, but for the few of its own functions', () => {
  let all = 0
  for (const options of [{}, { fuel: true }, { deterministic: true }])
    for (let seed = 0; seed < 40; seed++) {
      const { report, bytes, abi, module } = guard(randomModule(seed), options)
      const own = module.importedFunctions + module.bodyStarts.length
      let calls = 0
      let indirectCalls = 0
      let at = module.importedFunctions - 1
      let end = -1
      decodeAll(bytes, (instruction) => {
        if (instruction.start !== end) at++
        end = instruction.end
        if (at >= own) return
        if (/^(return_)?call/.test(instruction.op.name)) calls++
        if (/^(return_)?call_/.test(instruction.op.name)) indirectCalls++
      })
      assert.equal(report.calls, calls, `seed ${seed}, ${JSON.stringify(options)}`)
      assert.equal(abi.heap, heapOf(module, { calls, indirectCalls }))
      all += indirectCalls
    }
  assert.ok(all > 0)
})

test('a module without code has no checks and no functions', () => {
  const { checks, functions, maxima } = reportOf('(memory 1 3) (table 2 funcref)', { perFunction: true })
  assert.deepEqual(found(checks), {})
  assert.deepEqual(functions, [])
  assert.deepEqual(maxima, { memories: [3n], tables: [100_000n] })
})
