/**
 * Modules that name something just past the end of an index space. Nothing is there in the original, which is invalid; but there would be
 * in the guarded module, where the guard's own things stand: its counter, its hooks, its helpers, its locals, the blocks around loops.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { GuardOptions } from '../../src/guard/guard.ts'
import { wat } from '../support/wat.ts'
import { attacks, isKnown } from './corpus.ts'
import { refusal } from './refused.ts'

/** How far past the last: where the guard's own may be, and beyond. One byte is enough for them, also where it is a signed number. */
const FURTHER = Array.from({ length: 40 }, (_, index) => index + 1)
/** Marks the last index that there is of some space, which is more than 0. */
const MARK = /\(;@;\)(\d+)/g
const OPTIONS: Readonly<Record<string, GuardOptions>> = { plain: {}, fuel: { fuel: true }, deterministic: { deterministic: true } }

/** Which byte holds a marked index: the one that is less if the index is, as no assembler makes what is not valid. */
function byteOf(source: string, bytes: Uint8Array, { 0: mark, 1: last, index }: RegExpExecArray): number {
  const less = wat(`${source.slice(0, index)}${Number(last) - 1}${source.slice(index + mark.length)}`)
  const differing = [...bytes.keys()].filter((at) => bytes[at] !== less[at])
  assert.deepEqual([less.length, differing.length, bytes[differing[0] as number]], [bytes.length, 1, Number(last)])
  return differing[0] as number
}

for (const { name, source, bytes } of attacks('indices/')) {
  const marks = [...source.matchAll(MARK)]
  test(`${name}: nothing past the end of ${marks.length} lists is to be had`, (t) => {
    if (!isKnown(bytes)) return t.skip('this engine lacks an instruction')
    const places = marks.map((mark) => byteOf(source, bytes, mark))
    assert.equal(new Set(places).size, marks.length)
    for (const [mode, options] of Object.entries(OPTIONS)) {
      assert.equal(refusal(bytes, options), undefined, 'what is its own, it may name')
      for (const place of places)
        for (const further of FURTHER) {
          const smuggled = bytes.slice()
          smuggled[place] = (bytes[place] as number) + further
          assert.ok(!isKnown(smuggled), `raw V8 accepts ${smuggled[place]} at byte ${place}`)
          const code = refusal(smuggled, options)
          assert.ok(code === 'engine' || code === 'invalid-module' || code === 'malformed', `${smuggled[place]} at byte ${place}, ${mode}: ${code}`)
        }
    }
  })
}
