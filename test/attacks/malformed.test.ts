/** Binaries that are wrong in every way there is: each gives a clear error, at once, and none that V8 refuses is let through. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseModule, type Section } from '../../src/wasm/module.ts'
import { Writer } from '../../src/wasm/writer.ts'
import { behaviour, failure } from '../support/host.ts'
import { wat } from '../support/wat.ts'
import { isKnown } from './corpus.ts'
import { assertAsWrongAs, refusal } from './refused.ts'

/** Has a section of every kind, and instructions with every sort of immediate. */
const BASE = wat(`(module
  (type $f (func (param i32) (result i32))) (type $v (func))
  (import "m" "f" (func $imported (type $f))) (import "m" "g" (global $g i32))
  (table $t 2 9 funcref) (memory $m 1 2) (tag $tag (type $v))
  (global $n (mut i64) (i64.const -5)) (global $h i32 (global.get $g))
  (export "run" (func $run)) (export "memory" (memory $m)) (start $begin)
  (elem $e (table $t) (i32.const 0) func $run $run) (elem $p funcref (ref.func $run) (ref.null func))
  (func $begin)
  (func $run (type $f) (local i64 i64 f32)
    (block $out
      (loop $l (try_table (catch $tag $out) (call $begin))
        (br_table $out $l $l (local.get 0))))
    (memory.init $d (i32.const 0) (i32.const 0) (i32.const 1)) (data.drop $d) (table.init $t $e (i32.const 0) (i32.const 0) (i32.const 0))
    (local.set 3 (f32.const 1.5)) (local.set 1 (i64.const 0x123456789abcdef))
    (v128.store (i32.const 0) (v128.const i32x4 1 2 3 4))
    (if (result i32) (local.get 0) (then (call_indirect $t (type $f) (i32.const 1) (i32.const 0))) (else (call $imported (i32.const 1)))))
  (data $d "abc") (data (i32.const 8) "some bytes"))`)

const { sections, bodyStarts, bodyEnds } = parseModule(BASE)
const HEADER = BASE.subarray(0, 8)
const whole = ({ start, end }: Section) => BASE.subarray(start, end)
const joined = (parts: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(parts))
const nameOf = ({ id }: Section) => `section ${id}`

/** The module with other contents, or another size, of one section. */
function withSection(changed: Section, contents: Uint8Array, size: Uint8Array = leb(contents.length)): Uint8Array {
  return joined([HEADER, ...sections.map((section) => (section === changed ? joined([Uint8Array.of(section.id), size, contents]) : whole(section)))])
}

const leb = (value: number): Uint8Array => {
  const writer = new Writer(8)
  writer.u32(value)
  return writer.finish()
}

/** A number in five bytes or more, where fewer would do. */
const long = (value: number, bytes: number): Uint8Array =>
  Uint8Array.from({ length: bytes }, (_, at) => (Math.floor(value / 2 ** (7 * at)) & 0x7f) | (at < bytes - 1 ? 0x80 : 0))

test('the module that is made wrong here is right', () => {
  assert.ok(isKnown(BASE))
  assert.equal(refusal(BASE), undefined)
  assert.equal(sections.length, 13)
})

test('cut off after each byte', () => {
  for (let length = 0; length < BASE.length; length++) {
    const cut = BASE.slice(0, length)
    // What ends where a section does may be a module
    const isPart = length >= 8 && sections.some(({ start }) => start === length)
    const code = assertAsWrongAs(cut, `the first ${length} bytes`)
    if (!isPart) assert.equal(code, 'malformed', `the first ${length} bytes`)
  }
})

test('each byte changed, to some value and by one bit', () => {
  for (let at = 0; at < BASE.length; at++)
    for (const value of [0x00, 0x7f, 0x80, 0xff, 0x40, 0xfc, 0xfd, 0xfe, ...[0, 1, 2, 3, 4, 5, 6, 7].map((bit) => (BASE[at] as number) ^ (1 << bit))]) {
      const changed = BASE.slice()
      changed[at] = value
      assertAsWrongAs(changed, `${value} at byte ${at}`)
    }
})

test('a byte taken away, or put in, anywhere', () => {
  for (let at = 8; at < BASE.length; at++) {
    assertAsWrongAs(joined([BASE.subarray(0, at), BASE.subarray(at + 1)]), `without byte ${at}`)
    assertAsWrongAs(joined([BASE.subarray(0, at), Uint8Array.of(0x80), BASE.subarray(at)]), `with another byte at ${at}`)
  }
})

test('sections out of order, twice, or missing', () => {
  for (const [index, one] of sections.entries()) {
    assertAsWrongAs(joined([HEADER, ...sections.filter((section) => section !== one).map(whole)]), `without ${nameOf(one)}`)
    assert.equal(assertAsWrongAs(joined([BASE, whole(one)]), `${nameOf(one)} again at the end`), 'malformed')
    for (const other of sections.slice(index + 1)) {
      const swapped = sections.map((section) => whole(section === one ? other : section === other ? one : section))
      assertAsWrongAs(joined([HEADER, ...swapped]), `${nameOf(one)} and ${nameOf(other)} swapped`)
      assertAsWrongAs(joined([BASE.subarray(0, other.end), whole(one), BASE.subarray(other.end)]), `${nameOf(one)} again after ${nameOf(other)}`)
    }
  }
  for (let id = 14; id < 256; id++) assert.equal(assertAsWrongAs(joined([BASE, Uint8Array.of(id, 0)]), `section ${id}`), 'malformed')
})

test('sizes of sections that are not true', () => {
  for (const section of sections) {
    const contents = BASE.subarray(section.payload, section.end)
    const { length } = contents
    for (const size of [0, length - 1, length + 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1])
      assertAsWrongAs(withSection(section, contents, leb(size)), `${nameOf(section)} of ${size} bytes, but ${length}`)
    assertAsWrongAs(withSection(section, joined([contents, Uint8Array.of(0)])), `${nameOf(section)} with a byte too many`)
    assertAsWrongAs(withSection(section, new Uint8Array(0)), `${nameOf(section)} empty`)
  }
})

test('counts that are not true: one less, one more, and as many as there are numbers', () => {
  for (const section of sections.filter(({ id }) => id !== 8 && id !== 12)) {
    const [count, ...rest] = BASE.subarray(section.payload, section.end)
    for (const claimed of [0, (count as number) - 1, (count as number) + 1, 1_000_000, 1_000_001, 2 ** 31 - 1, 2 ** 32 - 1]) {
      const code = assertAsWrongAs(
        withSection(section, joined([leb(claimed), Uint8Array.from(rest)])),
        `${nameOf(section)} with ${claimed} in place of ${count}`,
      )
      assert.notEqual(code, undefined)
    }
  }
})

test('numbers in more bytes than they need: up to five they are right, then no more', () => {
  for (const section of sections) {
    const contents = BASE.subarray(section.payload, section.end)
    const { length } = contents
    assert.equal(assertAsWrongAs(withSection(section, contents, long(length, 5)), `the size of ${nameOf(section)} in five bytes`), undefined)
    assert.equal(assertAsWrongAs(withSection(section, contents, long(length, 6)), `the size of ${nameOf(section)} in six bytes`), 'malformed')
    const unused = long(length, 5)
    unused[4] = 0x10
    assert.equal(assertAsWrongAs(withSection(section, contents, unused), `the size of ${nameOf(section)} with a bit too many`), 'malformed')
    if (section.id === 8 || section.id === 12) continue
    for (const [bytes, code] of [
      [5, undefined],
      [6, 'malformed'],
      [10, 'malformed'],
    ] as const)
      assert.equal(
        assertAsWrongAs(
          withSection(section, joined([long(contents[0] as number, bytes), contents.subarray(1)])),
          `the count of ${nameOf(section)} in ${bytes} bytes`,
        ),
        code,
      )
  }
})

/** A module of one function with these bytes as its body, after its size. */
function withBody(...body: readonly (number | Uint8Array)[]): Uint8Array {
  const bytes = joined(body.map((part) => (typeof part === 'number' ? Uint8Array.of(part) : part)))
  const code = joined([leb(1), leb(bytes.length), bytes])
  return joined([HEADER, Uint8Array.of(1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 10), leb(code.length), code])
}

const MOST = leb(2 ** 32 - 1)
const BODIES: Readonly<Record<string, Uint8Array>> = {
  '2^32 - 1 locals': withBody(1, MOST, 0x7f, 0x0b),
  '2^32 - 1 locals twice, which overflows to few': withBody(2, MOST, 0x7f, MOST, 0x7e, 0x0b),
  '2^32 - 1 groups of locals': withBody(MOST, 0x0b),
  'groups of locals up to the end of the body': withBody(5, 1, 0x7f, 1, 0x7f),
  'locals of a type that is none': withBody(1, 1, 0x01, 0x0b),
  'locals of a type that has no values': withBody(1, 1, 0x40, 0x0b),
  'a br_table of 2^32 - 1 labels': withBody(0, 0x41, 0, 0x0e, MOST, 0, 0x0b),
  'a select of 2^32 - 1 types': withBody(0, 0x1c, MOST, 0x7f, 0x0b),
  'a try_table of 2^32 - 1 clauses': withBody(0, 0x1f, 0x40, MOST, 0x0b, 0x0b),
  'a block of type 2^31 - 1': withBody(0, 0x02, leb(2 ** 31 - 1), 0x0b, 0x0b),
  'a block of a type of six bytes': withBody(0, 0x02, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00, 0x0b, 0x0b),
  'no end': withBody(0, 0x01),
  'no bytes': withBody(),
  'no locals': withBody(0x0b),
  'instructions after the end': withBody(0, 0x0b, 0x01),
  'another end': withBody(0, 0x0b, 0x0b),
  'a block without an end': withBody(0, 0x02, 0x40, 0x0b),
  'else without if': withBody(0, 0x05, 0x0b),
  'two elses': withBody(0, 0x41, 0, 0x04, 0x40, 0x05, 0x05, 0x0b, 0x0b),
  'catch without try': withBody(0, 0x07, 0, 0x0b),
  'catch_all before catch': withBody(0, 0x06, 0x40, 0x19, 0x07, 0, 0x0b, 0x0b),
  'two catch_alls': withBody(0, 0x06, 0x40, 0x19, 0x19, 0x0b, 0x0b),
  'delegate without try': withBody(0, 0x18, 0, 0x0b),
  'delegate within a catch': withBody(0, 0x06, 0x40, 0x19, 0x18, 0, 0x0b),
  'rethrow outside a catch': withBody(0, 0x06, 0x40, 0x09, 0, 0x0b, 0x0b),
  'an opcode that is none': withBody(0, 0x17, 0x0b),
  'a prefix without an opcode': withBody(0, 0xfc, 0x0b),
  'a prefixed opcode that is none': withBody(0, 0xfc, leb(300), 0x0b),
  'a prefixed opcode of six bytes': withBody(0, 0xfc, long(11, 6), 0, 0x0b),
  'an opcode of 2^32 - 1': withBody(0, 0xfd, MOST, 0x0b),
  'an i32 of six bytes': withBody(0, 0x41, long(0, 6), 0x1a, 0x0b),
  'an i32 with bits too many': withBody(0, 0x41, 0xff, 0xff, 0xff, 0xff, 0x1f, 0x1a, 0x0b),
  'an i64 of eleven bytes': withBody(0, 0x42, long(0, 11), 0x1a, 0x0b),
  'an f64 of seven bytes': withBody(0, 0x44, 0, 0, 0, 0, 0, 0, 0x0b),
  'an alignment of 2^32 - 1': withBody(0, 0x41, 0, 0x28, MOST, 0, 0x1a, 0x0b),
  'a lane that is none': withBody(0, 0xfd, 0x0c, new Uint8Array(16), 0xfd, 0x15, 99, 0x1a, 0x0b),
}

for (const [what, bytes] of Object.entries(BODIES))
  test(`a function body with ${what}`, () => {
    const code = assertAsWrongAs(bytes, what)
    assert.ok(['malformed', 'invalid-module', 'engine'].includes(code as string), code)
  })

test('sizes of bodies that are not true', () => {
  const code = sections.find(({ id }) => id === 10) as Section
  for (const [at, start] of bodyStarts.entries()) {
    const size = (bodyEnds[at] as number) - start
    for (const wrong of [0, size - 1, size + 1, 127]) {
      const changed = BASE.slice()
      changed[start - 1] = wrong
      assert.notEqual(assertAsWrongAs(changed, `a body of ${wrong} bytes, but ${size}`), undefined)
    }
  }
  assert.ok(code.end <= BASE.length)
})

test('what is no module at all', () => {
  const files: Readonly<Record<string, Uint8Array>> = {
    nothing: new Uint8Array(0),
    text: new TextEncoder().encode('(module (func (export "run")))'),
    'an ELF file': Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0),
    'a component': Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0),
    'version 2': Uint8Array.of(0, 0x61, 0x73, 0x6d, 2, 0, 0, 0),
    zeros: new Uint8Array(100_000),
    'bytes that all go on': new Uint8Array(100_000).fill(0xff),
    'a header and bytes that all go on': joined([HEADER, new Uint8Array(100_000).fill(0x80)]),
  }
  for (const [what, bytes] of Object.entries(files)) assert.equal(assertAsWrongAs(bytes, what), 'malformed')
})

const INVALID: Readonly<Record<string, string>> = {
  'a start function with a parameter': '(func $f (param i32)) (start $f)',
  'a start function with a result': '(func $f (result i32) (i32.const 1)) (start $f)',
  'a reference of a start function that nothing declares': '(func $f) (start $f) (func (drop (ref.func $f)))',
  'a memory whose maximum is clamped to one that is right': '(memory 1 65537)',
  'a memory that begins above its maximum': '(memory 2 1)',
  'a table that begins above its maximum': '(table 2 1 funcref)',
  'two exports of one name': '(func $f) (export "a" (func $f)) (export "a" (func $f))',
  'two exports of the name of the counter': '(func $f) (export "curfew.counter" (func $f)) (export "curfew.counter" (func $f))',
  'an operand too few, in a loop that is copied': '(func (export "run") (local i32) (loop (br_if 0 (i32.add (local.get 0)))))',
  'an operand too many at the end of a loop that is copied': '(func (export "run") (local i32) (loop (br_if 0 (local.get 0)) (i32.const 1)))',
  'another type at the end of a loop that is copied':
    '(func (export "run") (result i32) (local i32) (loop (result i32) (br_if 0 (local.get 0)) (i64.const 1)))',
  'a value that is taken from below a loop': '(func (export "run") (local i32) (i32.const 1) (loop (br_if 0)) (drop))',
}

for (const [what, source] of Object.entries(INVALID))
  test(`not valid, and not made so: ${what}`, () => {
    const bytes = wat(`(module ${source})`)
    assert.ok(!isKnown(bytes))
    for (const options of [{}, { fuel: true }, { deterministic: true }]) assertAsWrongAs(bytes, what, options)
  })

behaviour('a host says `malformed` or `invalid-module`, with an offset of the original, and goes on', async (bench) => {
  const host = bench.host({ execTimeout: 1_000 })
  for (const [what, bytes] of Object.entries(BODIES)) {
    const { code, module } = await failure(host.loadModule('wrong', bytes))
    assert.ok(code === 'malformed' || code === 'invalid-module', `${what}: ${code}`)
    assert.equal(module, 'wrong')
  }
  const { code, offset } = await failure(host.loadModule('cut', BASE.slice(0, -1)))
  assert.equal(code, 'malformed')
  assert.ok(offset !== undefined && offset < BASE.length)
  const right = await host.loadModule('right', wat('(module (func (export "run") (result i32) (i32.const 7)))'))
  assert.deepEqual(await right.call('run'), [7])
})
