/** The section that says which branches are hardly ever taken: each hint is on a branch that the guard added, and none on another. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { guard } from '../../src/guard/guard.ts'
import { HINTS_SECTION } from '../../src/guard/hints.ts'
import { InstructionReader } from '../../src/wasm/instructions.ts'
import { readLocals } from '../../src/wasm/locals.ts'
import { functionType, type ModuleInfo, parseModule } from '../../src/wasm/module.ts'
import { Reader } from '../../src/wasm/reader.ts'
import { Writer } from '../../src/wasm/writer.ts'
import { wat } from '../support/wat.ts'
import { randomModule } from './random-module.ts'

/** By function: offset in its body and what is said of it. */
type Hinted = ReadonlyMap<number, ReadonlyMap<number, number>>

function readHints(module: ModuleInfo): Hinted {
  const sections = module.sections.filter(({ name }) => name === HINTS_SECTION)
  assert.ok(sections.length <= 1)
  const functions = new Map<number, Map<number, number>>()
  for (const { payload, end } of sections) {
    const reader = new Reader(module.bytes, payload, end)
    let last = -1
    for (let count = reader.u32('a count'); count > 0; count--) {
      const index = reader.u32('a function')
      assert.ok(index > last, 'functions are in order')
      last = index
      const hints = new Map<number, number>()
      let before = 0
      for (let many = reader.u32('a count'); many > 0; many--) {
        const offset = reader.u32('an offset')
        assert.ok(offset > before, 'hints are in order')
        before = offset
        assert.equal(reader.u32('a size'), 1)
        hints.set(offset, reader.u8('a hint'))
      }
      functions.set(index, hints)
    }
    assert.equal(reader.offset, end)
  }
  return functions
}

/** By function: offsets of branches that follow a comparison with zero, as checks do, and how they read. */
function readBranches(module: ModuleInfo): Map<number, Map<number, string>> {
  const functions = new Map<number, Map<number, string>>()
  const reader = new InstructionReader(module)
  for (let at = 0; at < module.bodyStarts.length; at++) {
    const index = module.importedFunctions + at
    const [start, end] = [module.bodyStarts[at] as number, module.bodyEnds[at] as number]
    const { codeStart, total } = readLocals(module, start, end)
    reader.reset(codeStart, end, total + functionType(module, index).params.length)
    const branches = new Map<number, string>()
    let before = ''
    while (reader.next()) {
      const { name } = reader.op
      if (name === 'if' || name === 'br_if') branches.set(reader.start - start, `${before} ${name}`)
      before = name
    }
    functions.set(index, branches)
  }
  return functions
}

const MODULES: Readonly<Record<string, Uint8Array<ArrayBuffer>>> = {
  'loops, entries, handlers and calls': wat(`(module (memory 1) (tag $t) (import "m" "f" (func $host)) (func $leaf (param i32) (if (local.get 0) (then)))
    (func $loops (param i32) (local i64 i32) (loop $a (loop $b (br_if $b (local.get 0)) (br_if $a (local.get 0)))))
    (func $jumps (param i32) (loop $a (loop $b (br_table $a $b 2 (local.get 0)))))
    (func $circle (param i32) (call $host) (block $b (try_table (catch_all $b) (call $circle (local.get 0)))) (if (local.get 0) (then (call $circle (i32.const 0))))))`),
  ...Object.fromEntries(Array.from({ length: 20 }, (_, seed) => [`random module ${seed}`, randomModule(seed)])),
}

for (const [name, bytes] of Object.entries(MODULES)) {
  test(`${name}: what a check branches on is hinted, nothing else is`, () => {
    for (const options of [{}, { fuel: true }, { deterministic: true }]) {
      const original = parseModule(bytes)
      const module = parseModule(guard(bytes, options).bytes)
      const hints = readHints(module)
      const branches = readBranches(module)
      let count = 0
      for (const [index, hinted] of hints) {
        assert.ok(index >= original.importedFunctions && index < original.functions.length, `function ${index} is the module's own`)
        for (const [offset, hint] of hinted) {
          const branch = branches.get(index)?.get(offset)
          // A check goes on when the counter is not negative: a jump on that is likely, all others are not
          assert.match(branch ?? `nothing at ${offset}`, hint === 1 ? /^i32\.eqz br_if$/ : /^i32\.lt_s (if|br_if)$/)
          count++
        }
      }
      const { checks } = guard(bytes, options).report
      const each = checks.entry + checks.header + checks.back + checks.copies + checks.handler + checks.beforeCall + checks.afterCall + checks.path
      assert.ok(count > 0 && count >= each, `${count} hints for ${each} checks`)
    }
  })
}

test('the section stands right before the code, which an engine asks for', () => {
  const { sections } = parseModule(guard(MODULES['random module 1'] as Uint8Array).bytes)
  const at = sections.findIndex(({ name }) => name === HINTS_SECTION)
  assert.equal(sections[at + 1]?.id, 10)
})

test('without a check there is nothing to hint', () => {
  assert.equal(readHints(parseModule(guard(wat('(module (func (param i32) (if (local.get 0) (then))))')).bytes)).size, 0)
})

test("a module's own hints are about code that has moved, and are not taken over", () => {
  const own = new Writer()
  own.section(0, (w) => {
    w.name(HINTS_SECTION)
    w.bytes(Uint8Array.of(1, 0, 1, 3, 1, 1))
  })
  const plain = wat('(module (func (param i32) (if (local.get 0) (then)) (loop $again (br_if $again (local.get 0)))))')
  const code = parseModule(plain).sections.find(({ id }) => id === 10)?.start
  const bytes = new Uint8Array(Buffer.concat([plain.subarray(0, code), own.finish(), plain.subarray(code)]))
  assert.ok(WebAssembly.validate(bytes))
  assert.deepEqual([...readHints(parseModule(bytes)).keys()], [0])
  assert.deepEqual(guard(bytes).bytes, guard(plain).bytes)
})
