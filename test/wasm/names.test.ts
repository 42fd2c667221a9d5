import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseModule } from '../../src/wasm/module.ts'
import { functionNames } from '../../src/wasm/names.ts'
import { Writer } from '../../src/wasm/writer.ts'
import { wat } from '../support/wat.ts'

const MODULE = wat('(module (import "a" "b" (func)) (func) (func) (func))')

/** The module with custom sections of that name at its end. */
function named(...payloads: ((w: Writer) => void)[]): Uint8Array {
  const w = new Writer(256)
  w.bytes(MODULE)
  for (const payload of payloads) {
    w.section(0, (section) => {
      section.name('name')
      payload(section)
    })
  }
  return w.finish()
}

function names(...payloads: ((w: Writer) => void)[]): Record<string, string> {
  return Object.fromEntries(functionNames(parseModule(named(...payloads))))
}

const subsection = (kind: number, entries: readonly (readonly [index: number, name: string])[]) => (w: Writer) =>
  w.section(kind, (section) => {
    section.u32(entries.length)
    for (const [index, name] of entries) {
      section.u32(index)
      section.name(name)
    }
  })

const raw =
  (...bytes: number[]) =>
  (w: Writer) =>
    w.bytes(Uint8Array.from(bytes))

test('functions have the names that the section gives them', () => {
  const both = (w: Writer) => {
    w.section(0, (section) => section.name('module'))
    subsection(1, [
      [0, 'imported'],
      [2, 'λ x'],
      [3, ''],
    ])(w)
    // Names of locals follow; whatever is wrong with them is no matter
    w.bytes(Uint8Array.of(2, 200))
  }
  assert.deepEqual(names(both), { 0: 'imported', 2: 'λ x', 3: '' })
})

test('without a section, or without names of functions in it, there are none', () => {
  assert.equal(functionNames(parseModule(MODULE)).size, 0)
  assert.deepEqual(names(raw()), {})
  assert.deepEqual(names(subsection(4, [[0, 'a type']])), {})
})

test('names of functions that are not there do not count, and of several the first does', () => {
  assert.deepEqual(
    names(
      subsection(1, [
        [4, 'outside'],
        [0xffff_ffff, 'far'],
        [1, 'first'],
        [1, 'second'],
      ]),
      subsection(1, [[2, 'of another section']]),
    ),
    { 1: 'first' },
  )
})

test('a section that does not decode is as if it were not there', () => {
  const whole = [1, 6, 1, 1, 3, 0x61, 0x62, 0x63]
  assert.deepEqual(names(raw(...whole)), { 1: 'abc' })
  for (let length = 1; length < whole.length; length++) assert.deepEqual(names(raw(...whole.slice(0, length))), {}, `cut to ${length}`)
  const cases: [what: string, bytes: number[]][] = [
    ['more names than bytes', [1, 5, 0xff, 0xff, 0xff, 0xff, 0x0f]],
    ['fewer bytes than names', [1, 6, 2, 1, 3, 0x61, 0x62, 0x63]],
    ['a name that goes past its subsection', [1, 6, 1, 1, 4, 0x61, 0x62, 0x63, 0x64]],
    ['a name that is not UTF-8', [1, 4, 1, 1, 1, 0xff]],
    ['an index that goes on', [1, 9, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 1, 0x61]],
    ['a subsection that goes past the section', [0, 5, 0x61]],
  ]
  for (const [what, bytes] of cases) assert.deepEqual(names(raw(...bytes)), {}, what)
})
