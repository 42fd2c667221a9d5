import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LoadError } from '../../src/errors.ts'
import { readLocals } from '../../src/wasm/locals.ts'
import { parseModule } from '../../src/wasm/module.ts'
import { FUNCREF, refType } from '../../src/wasm/types.ts'
import { Writer } from '../../src/wasm/writer.ts'
import { wat } from '../support/wat.ts'

const BASE = parseModule(wat('(module (type (func)))'))

function locals(...bytes: number[]) {
  return readLocals({ ...BASE, bytes: Uint8Array.from(bytes) }, 0, bytes.length)
}

test('groups, their total and where the code begins', () => {
  assert.deepEqual(locals(0, 0x0b), { groups: [], total: 0, codeStart: 1 })
  assert.deepEqual(locals(2, 3, 0x7f, 200, 1, 0x70, 0x0b), {
    groups: [
      { count: 3, type: 'i32' },
      { count: 200, type: FUNCREF },
    ],
    total: 203,
    codeStart: 6,
  })
  assert.deepEqual(locals(1, 1, 0x63, 0).groups, [{ count: 1, type: refType(true, 0) }])
})

test('empty groups take no memory', () => {
  const writer = new Writer()
  writer.u32(1_000_000)
  for (let group = 0; group < 1_000_000; group++) writer.bytes(Uint8Array.of(0, 0x7f))
  const { groups, total, codeStart } = readLocals({ ...BASE, bytes: writer.finish() }, 0, writer.length)
  assert.deepEqual([groups.length, total, codeStart], [0, 0, writer.length])
})

test('more locals than an engine takes are refused, without adding them up to infinity', () => {
  assert.equal(locals(1, 0xd0, 0x86, 0x03, 0x7f).total, 50_000)
  assert.throws(() => locals(1, 0xd1, 0x86, 0x03, 0x7f), { code: 'invalid-module', offset: 1, message: /more than 50000 locals/ })
  assert.throws(() => locals(2, 1, 0x7f, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x7f), { code: 'invalid-module', offset: 3 })
})

test('what does not decode is refused', () => {
  assert.throws(() => locals(), { code: 'malformed', offset: 0 })
  assert.throws(() => locals(1, 1), { code: 'malformed', offset: 0, message: /expected 1 groups of locals, but only 1 bytes are left/ })
  assert.throws(() => locals(1, 1, 0x40), { code: 'malformed', offset: 2, message: /expected a value type, not 0x40/ })
  assert.throws(() => locals(1, 1, 0x63, 1), { code: 'invalid-module', offset: 3 })
  assert.throws(() => locals(0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0), LoadError)
})
