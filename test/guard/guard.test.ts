/** What guarding leaves as it was: what modules do, which of them are valid, what their functions are called. */

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { MAX_CREDIT } from '../../src/abi.ts'
import { CurfewError, LoadError } from '../../src/errors.ts'
import { UNCHECKED } from '../../src/guard/costs.ts'
import { guard } from '../../src/guard/guard.ts'
import { type ImmediateValue, instruction, Writer } from '../../src/wasm/writer.ts'
import { wat } from '../support/wat.ts'
import { pseudoRandom } from '../wasm/decode.ts'
import { build, type Emit } from './build.ts'
import { attachTo, drive, type Exports } from './drive.ts'
import { print } from './print.ts'
import { randomModule } from './random-module.ts'

/** What a call ends with, as text. */
function outcome(call: () => unknown): string {
  try {
    return `returned ${String(call())}`
  } catch (error) {
    // Where in the code is another place once guarded
    return error instanceof WebAssembly.Exception ? 'threw' : String(error).replace(/ \(.*/s, '')
  }
}

test('random modules that end do what they do unguarded', () => {
  let compared = 0
  for (let seed = 0; seed < 300; seed++) {
    const bytes = randomModule(seed)
    const { exports: guarded } = drive(bytes, { poll: (before) => (before < 50 ? 20_000 : 0) })
    const raw = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as Exports
    for (let index = 0; index < 5; index++) {
      const name = `f${index}`
      const ended = outcome(() => guarded[name](seed))
      // Stopped, out of stack or at an end of its own that looks the same: what comes after is not the same any more
      if (!ended.startsWith('returned') && ended !== 'threw') break
      assert.equal(
        outcome(() => raw[name](seed)),
        ended,
        `seed ${seed}, ${name}\n${print(bytes)}`,
      )
      compared++
    }
  }
  assert.ok(compared > 300, `${compared} compared`)
})

test('kernels compute what they compute unguarded', () => {
  const bytes = wat(`(module (memory (export "m") 1)
    (func $fib (export "fib") (param i32) (result i32)
      (if (result i32) (i32.lt_u (local.get 0) (i32.const 2)) (then (local.get 0))
        (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1))) (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
    (func (export "sieve") (param $n i32) (result i32) (local $i i32) (local $j i32) (local $count i32)
      (memory.fill (i32.const 0) (i32.const 0) (local.get $n))
      (local.set $i (i32.const 2))
      (loop $next
        (if (i32.eqz (i32.load8_u (local.get $i))) (then
          (local.set $count (i32.add (local.get $count) (i32.const 1)))
          (local.set $j (i32.add (local.get $i) (local.get $i)))
          (block $done (loop $mark
            (br_if $done (i32.ge_u (local.get $j) (local.get $n)))
            (i32.store8 (local.get $j) (i32.const 1))
            (local.set $j (i32.add (local.get $j) (local.get $i)))
            (br $mark)))))
        (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
      (local.get $count)))`)
  const { exports, polls } = drive(bytes)
  assert.equal(exports.fib(20), 6765)
  assert.equal(exports.sieve(60_000), 6057)
  assert.ok(polls() > 1, 'and polled meanwhile')
})

test('guarding is deterministic and leaves its input alone', () => {
  const bytes = randomModule(7)
  const before = bytes.slice()
  assert.deepEqual(guard(bytes).bytes, guard(bytes).bytes)
  assert.deepEqual(bytes, before)
})

test('the bytes must be bytes', () => {
  for (const wrong of [undefined, 'abc', [0, 1], new ArrayBuffer(8)])
    assert.throws(
      () => guard(wrong as never),
      (error) => error instanceof CurfewError && error.code === 'invalid-option',
    )
})

test('a Buffer and a view of a larger buffer are read as they are', () => {
  const bytes = wat('(module (func (export "f") (result i32) (i32.const 7)))')
  const within = Buffer.concat([Buffer.alloc(3), bytes, Buffer.alloc(5)]).subarray(3, 3 + bytes.length)
  assert.deepEqual(guard(within).bytes, guard(bytes).bytes)
})

test('a module that was guarded can be guarded again, and both guards meter it', () => {
  const once = guard(wat('(module (func (export "loop") (loop (br 0))))'))
  const twice = guard(once.bytes)
  assert.notEqual(twice.abi.counter, once.abi.counter)
  for (const stopper of ['inner', 'outer']) {
    const instance = new WebAssembly.Instance(new WebAssembly.Module(twice.bytes))
    const inner = attachTo(instance, once.abi, (before) => (stopper === 'inner' && before > 5 ? 0 : MAX_CREDIT))
    const outer = attachTo(instance, twice.abi, (before) => (stopper === 'outer' && before > 100 ? 0 : MAX_CREDIT))
    assert.throws(() => inner.exports.loop(), /unreachable/)
    assert.ok(inner.polls() > 1 && outer.polls() > 1, `${inner.polls()} and ${outer.polls()} polls`)
  }
  // The section says how to drive the last guard
  const sections = WebAssembly.Module.customSections(new WebAssembly.Module(twice.bytes), 'curfew')
  assert.deepEqual(
    sections.map((each) => JSON.parse(Buffer.from(each).toString())),
    [twice.abi],
  )
})

test('stack traces name the functions as before', () => {
  const names = new Writer()
  names.section(0, (w) => {
    w.name('name')
    w.u8(1)
    w.sized((inner) => {
      inner.u32(2)
      for (const [index, name] of ['runs_first', 'fails_second'].entries()) {
        inner.u32(index)
        inner.name(name)
      }
    })
  })
  const bytes = Buffer.concat([wat('(module (func (export "run") (call 1)) (func unreachable))'), names.finish()])
  const { exports } = drive(bytes)
  assert.throws(exports.run, (error: Error) => /fails_second[\s\S]*runs_first/.test(error.stack ?? ''))
})

test('custom sections stay, but for those that speak of code offsets or of a guard; wherever they are', () => {
  const bytes = build({ functions: [{ body: (emit) => emit('loop', 'empty') }] })
  const plain = build({ functions: [{}] })
  assert.ok(!WebAssembly.validate(bytes), 'a loop that does not end')
  const custom = (name: string) => {
    const w = new Writer()
    w.section(0, (s) => {
      s.name(name)
      s.bytes(Uint8Array.of(0xff, 0xff, 0xff))
    })
    return w.finish()
  }
  const names = ['curfew', 'metadata.code.branch_hint', 'mine', 'metadata.code.other', 'curfew', 'name', 'producers', '']
  const parts: Uint8Array[] = [plain.subarray(0, 8)]
  for (let at = 8; at < plain.length; ) {
    for (const name of names) parts.push(custom(name))
    const end = at + 2 + (plain[at + 1] as number)
    parts.push(plain.subarray(at, end))
    at = end
  }
  parts.push(...names.map(custom))
  const everywhere = new Uint8Array(Buffer.concat(parts))
  assert.ok(WebAssembly.validate(everywhere))
  const { guarded, exports } = drive(everywhere)
  exports.run()
  const found = print(guarded.bytes).split('\n')[0]?.replace('sections: ', '').split(', ')
  assert.equal(found?.filter((name) => name === 'mine').length, 5)
  assert.ok(!found?.some((name) => name.startsWith('metadata.code')))
  assert.equal(found?.filter((name) => name === 'curfew').length, 1)
})

/** Its length is not known, so that a helper does it. */
const FILL: readonly (readonly [name: string, ...values: ImmediateValue[]])[] = [
  ['i32.const', 0],
  ['i32.const', 0],
  ['memory.size', 0],
  ['memory.fill', 0],
]

/** Indices that only exist once guarded: the module has one of everything, so the first added one is 1 (types, functions: see each). */
const SMUGGLED: Readonly<Record<string, Uint8Array>> = (() => {
  const base = { 4: one(0x70, 0, 1), 5: one(0, 1), 6: one(0x7f, 1, 0x41, 0, 0x0b) }
  const inBody = (body: (emit: Emit, writer: Writer) => void, more: Record<number, (w: Writer) => void> = {}) =>
    build({ functions: [{ body }], tags: [0], sections: { ...base, ...more } })
  const bodies: Record<string, readonly (readonly [name: string, ...values: ImmediateValue[]])[]> = {
    "reading the guard's counter": [['global.get', 1], ['drop']],
    "writing the guard's counter": [
      ['i32.const', 2_000_000],
      ['global.set', 1],
    ],
    "reading the guard's local": [['local.get', 0], ['drop']],
    "writing the guard's local": [['i32.const', 5], ['local.tee', 0], ['drop']],
    'calling the slow path': [['call', 1]],
    'calling the one that polls again': [
      ['i32.const', 0],
      ['call', 2],
    ],
    "reading the guard's fuel": [['global.get', 2], ['drop']],
    'giving itself fuel': [
      ['i64.const', 1_000n],
      ['global.set', 2],
    ],
    'giving itself depth': [
      ['i32.const', 1_000],
      ['global.set', 3],
    ],
    'reading the local for a NaN': [['f32.const', 1], ['f32.const', 1], ['f32.add'], ['drop'], ['local.get', 1], ['drop']],
    'calling the helper of its own fill': [...FILL, ...FILL.slice(0, 3), ['call', 3]],
    'tail-calling a helper': [['return_call', 1]],
    'a reference of a helper': [['ref.func', 1], ['drop']],
    'a block of an added type': [['block', 1], ['end']],
    'a loop of an added type': [['loop', 1], ['end']],
    'an indirect call by an added type': [
      ['i32.const', 0],
      ['call_indirect', 1, 0],
    ],
    'an indirect call through the hooks': [
      ['i32.const', 0],
      ['call_indirect', 0, 1],
    ],
    'a call_ref by an added type': [
      ['ref.null', 'nofunc'],
      ['call_ref', 1],
    ],
    'a null of an added type': [['ref.null', 1], ['drop']],
    'a test for an added type': [['ref.null', 'func'], ['ref.test', 1], ['drop']],
    'a local of an added type': [['ref.null', 'func'], ['select_t', [{ nullable: true, heap: 1 }]], ['drop']],
    'reading the hooks': [['i32.const', 0], ['table.get', 1], ['drop']],
    'writing the hooks': [
      ['i32.const', 0],
      ['ref.null', 'func'],
      ['table.set', 1],
    ],
    'growing the hooks': [['ref.null', 'func'], ['i32.const', 1], ['table.grow', 1], ['drop']],
    'the size of the hooks': [['table.size', 1], ['drop']],
    'copying the hooks': [
      ['i32.const', 0],
      ['i32.const', 0],
      ['i32.const', 1],
      ['table.copy', 0, 1],
    ],
    'a memory that is not there': [['memory.size', 1], ['drop']],
    'a load from a memory that is not there': [['i32.const', 0], ['i32.load', { align: 0, offset: 0, memory: 1 }], ['drop']],
    'a tag that is not there': [['throw', 1]],
    'a segment that is not there': [['elem.drop', 0]],
    'a data segment that is not there': [['data.drop', 0]],
    'a branch past the function': [['br', 1]],
    'code after the end': [['end'], ['nop']],
    'a block left open': [['block', 'empty']],
    'a delegate that ends a loop': [['block', 'empty'], ['loop', 'empty'], ['i32.const', 0], ['br_if', 0], ['delegate', 1], ['end']],
    'an else of a loop': [['loop', 'empty'], ['i32.const', 0], ['br_if', 0], ['else'], ['end']],
    'a catch of a loop': [['loop', 'empty'], ['i32.const', 0], ['br_if', 0], ['catch', 0], ['end']],
    'a catch_all of a loop': [['loop', 'empty'], ['i32.const', 0], ['br_if', 0], ['catch_all'], ['end']],
    'a loop that leaves an operand': [['loop', 'empty'], ['i32.const', 0], ['br_if', 0], ['i32.const', 0], ['end']],
    'a loop that leaves no result': [['loop', 'i32'], ['i32.const', 0], ['br_if', 0], ['end'], ['drop']],
    'a loop that takes an operand from outside': [['i32.const', 0], ['loop', 'empty'], ['drop'], ['i32.const', 0], ['br_if', 0], ['end']],
    'a loop with a call that leaves no result': [['loop', 'i32'], ['call', 0], ['i32.const', 0], ['br_if', 0], ['end'], ['drop']],
    'an else without an if': [['block', 'empty'], ['else'], ['end']],
    'an else of the function': [['else']],
    'a catch of the function': [['catch_all']],
    'a second else': [['i32.const', 0], ['if', 'empty'], ['else'], ['else'], ['end']],
    'operands that are missing': [['memory.fill', 0]],
    'a bulk length of another type': [
      ['i32.const', 0],
      ['i32.const', 0],
      ['i64.const', 0n],
      ['memory.fill', 0],
    ],
  }
  const modules: Record<string, Uint8Array> = {}
  for (const [name, instructions] of Object.entries(bodies))
    modules[name] = inBody((emit) => instructions.forEach(([op, ...values]) => void emit(op, ...values)))
  const takesReference = (emit: Emit) => {
    emit('ref.func', 0)
    emit('drop')
  }
  assert.ok(WebAssembly.validate(build({ functions: [{ body: takesReference }] })), 'an export declares it')
  // The guard exports it too
  modules['a reference of a function that only the start section names'] = build({
    functions: [{ body: takesReference }],
    sections: { 7: (w) => w.u32(0), 8: (w) => w.u32(0) },
  })
  modules['exporting the counter'] = inBody(() => undefined, { 7: one(1, 0x63, 3, 1) })
  modules['exporting the hooks'] = inBody(() => undefined, { 7: one(1, 0x63, 1, 1) })
  modules['exporting a helper'] = inBody(() => undefined, { 7: one(1, 0x63, 0, 1) })
  modules['a helper in a segment'] = inBody(() => undefined, { 9: one(0, 0x41, 0, 0x0b, 1, 1) })
  modules['a segment for the hooks'] = inBody(() => undefined, { 9: one(2, 1, 0x41, 0, 0x0b, 0, 1, 0) })
  modules['the counter in an initialiser'] = inBody(() => undefined, { 6: one(0x7f, 0, 0x23, 1, 0x0b) })
  modules['a helper in an initialiser'] = inBody(() => undefined, { 6: one(0x70, 0, 0xd2, 1, 0x0b) })
  modules['a function of an added type'] = inBody(() => undefined, { 3: one(1) })
  modules['a tag of an added type'] = inBody(() => undefined, { 13: one(0, 1) })
  modules['a table of an added type'] = inBody(() => undefined, { 4: one(0x63, 1, 0, 1) })
  modules['a parameter of an added type'] = inBody(() => undefined, { 1: one(0x60, 1, 0x63, 1, 0) })
  modules['a supertype that is added'] = inBody(() => undefined, { 1: one(0x50, 1, 1, 0x60, 0, 0) })
  modules['a start function that is a helper'] = inBody(() => undefined, { 8: (w) => w.u32(1) })
  modules['a start function with a parameter'] = build({ types: [[['i32'], []]], functions: [{}], sections: { 8: (w) => w.u32(0) } })
  modules['a start function with a result'] = build({
    types: [[[], ['i32']]],
    functions: [{ body: (emit) => emit('i32.const', 1) }],
    sections: { 8: (w) => w.u32(0) },
  })
  modules['a memory above 65,536 pages'] = inBody(() => undefined, { 5: (w) => w.bytes(Uint8Array.of(1, 1, 1, 0x81, 0x80, 0x04)) })
  modules['a maximum below the minimum'] = inBody(() => undefined, { 5: one(1, 5, 4) })
  modules['the same export twice'] = inBody(() => undefined, { 7: (w) => w.bytes(Uint8Array.of(2, 1, 0x61, 0, 0, 1, 0x61, 0, 0)) })
  modules['a local of an added type, declared'] = build({ functions: [{ locals: [[1, { nullable: true, heap: 1 }]] }] })
  return modules
})()

function one(...bytes: number[]): (writer: Writer) => void {
  return (w) => w.bytes(Uint8Array.of(1, ...bytes))
}

for (const [name, bytes] of Object.entries(SMUGGLED)) {
  test(`stays invalid: ${name}`, () => {
    assert.ok(!WebAssembly.validate(bytes as Uint8Array<ArrayBuffer>), 'it is invalid as it is')
    for (const options of [{}, { fuel: true }, { deterministic: true }]) {
      try {
        assert.ok(!WebAssembly.validate(guard(bytes, options).bytes), 'it became valid')
      } catch (error) {
        if (!(error instanceof LoadError)) throw error
      }
    }
  })
}

test('random damage to a module never makes the guard fail otherwise than with a LoadError, nor an invalid module valid', () => {
  const random = pseudoRandom(99)
  let survived = 0
  for (let seed = 0; seed < 60; seed++) {
    const bytes = randomModule(seed)
    for (let round = 0; round < 40; round++) {
      const damaged = bytes.slice()
      for (let many = random(3); many >= 0; many--) damaged[8 + random(damaged.length - 8)] = random(256)
      let result: Uint8Array<ArrayBuffer> | undefined
      try {
        result = guard(damaged, round % 2 === 0 ? {} : { deterministic: true }).bytes
      } catch (error) {
        assert.ok(error instanceof LoadError, `seed ${seed}: ${String(error)}`)
        continue
      }
      survived++
      assert.equal(WebAssembly.validate(result), WebAssembly.validate(damaged), `seed ${seed}, round ${round}`)
    }
  }
  assert.ok(survived > 100, `${survived} were guarded`)
})

test('every fixture is guarded and valid', () => {
  const folder = new URL('../fixtures/', import.meta.url)
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.wasm'))) {
    const { bytes } = guard(readFileSync(new URL(file, folder)))
    assert.ok(WebAssembly.validate(bytes), file)
  }
})

test('encodings that are longer than need be are read as what they say', () => {
  const bytes = build({
    functions: [
      {
        body: (_, writer) => {
          instruction(writer, 'loop', 'empty')
          // br 0 in three bytes, i32.const 0 in two
          writer.bytes(Uint8Array.of(0x41, 0x80, 0x00, 0x0d, 0x80, 0x80, 0x00))
          instruction(writer, 'end')
        },
      },
    ],
  })
  const { exports } = drive(bytes)
  exports.run()
})

test('what an imported table may hold of other modules is paid for', () => {
  const heaviest = (table: string) => {
    const text = `(module (type $f (func)) ${table} (func $small (type $f)) (elem declare func $small) (func (export "run") (loop (call_indirect (type $f) (i32.const 0)) (br 0))))`
    return Math.max(...(guard(wat(text), { perFunction: true }).report.functions ?? []).map((each) => each.heaviest))
  }
  assert.ok(heaviest('(table 1 funcref)') < UNCHECKED)
  assert.ok(heaviest('(import "m" "t" (table 1 funcref))') >= UNCHECKED)
})

test('what is deterministic counts fuel, also where that was not asked for', () => {
  assert.ok(guard(wat('(module (func))'), { fuel: false, deterministic: true }).abi.fuel !== undefined)
})
