/** A failing case becomes a small one that fails the same way. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wat } from '../support/wat.ts'
import { FEATURES } from './features.ts'
import { ownModule } from './generators/own/module.ts'
import { minimise } from './minimise/minimise.ts'
import { readBodies } from './pieces.ts'
import { minimised } from './runner/campaign.ts'

const BROKEN = new URL('./oracles/broken.ts', import.meta.url)

function has(bytes: Uint8Array, name: string): boolean {
  return readBodies(bytes)?.some(({ instructions }) => instructions.some((each) => each.name === name)) ?? false
}

test('what does not matter goes', async () => {
  for (const name of ['memory.fill', 'loop', 'call_indirect']) {
    const seed = [...Array(1_000).keys()].find((each) => has(ownModule(each, FEATURES), name) && ownModule(each, FEATURES).length > 800) as number
    const before = ownModule(seed, FEATURES)
    const small = await minimise(before, { fails: (candidate) => has(candidate, name), within: 5_000 })
    assert.ok(has(small, name))
    // Nothing is renumbered here: types and functions before the last one in use stay
    assert.ok(small.length < before.length / 4, `${name}: ${before.length} bytes became ${small.length}`)
  }
})

const PADDING = '(func (export "g") (param i64) (result f64) (block (br_if 0 (i64.eqz (local.get 0)))) (f64.convert_i64_s (local.get 0)))'

for (const [variant, kind, text, name] of [
  [
    'stores one byte further',
    'ends in another state',
    `(module (memory (export "m") 1 2) ${PADDING} (func (export "f") (param i32) (local i32) (if (local.get 0) (then (drop (call 0 (i64.const 1))))) (i32.store (i32.const 8) (i32.const -1))) ${PADDING.replace('"g"', '"h"')})`,
    'i32.store',
  ],
  ['does not guard', 'hangs', `(module ${PADDING} (func (export "f") (param i32) (loop (local.set 0 (i32.const 1)) (br 0))))`, 'loop'],
] as const) {
  test(`a guard that ${variant}: the case that shows it gets small`, async () => {
    const before = wat(text)
    const small = await minimised(before, 1, { kind, variant, details: [] }, { within: 3_000, candidate: 400, variants: BROKEN })
    assert.ok(has(small, name))
    assert.ok(small.length < 70, `${before.length} bytes became ${small.length}`)
  })
}
