/** Custom sections where none is expected, and some that speak of the guard's own business: its ABI, and hints about branches. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ABI_SECTION, type Abi } from '../../src/abi.ts'
import { guard } from '../../src/guard/guard.ts'
import { parseModule } from '../../src/wasm/module.ts'
import { Writer } from '../../src/wasm/writer.ts'
import { type Bench, behaviour, failure } from '../support/host.ts'
import { wat } from '../support/wat.ts'
import { isKnown } from './corpus.ts'
import { assertAsWrongAs } from './refused.ts'

const BASE = wat(`(module
  (type $f (func)) (import "m" "f" (func $f)) (table 2 2 funcref) (memory 1) (global (mut i32) (i32.const 0))
  (func $begin) (func $run (export "run") (param i32) (result i32) (if (local.get 0) (then (loop (br 0)))) (i32.const 42))
  (export "memory" (memory 0)) (start $begin) (elem (i32.const 0) func $begin) (data "abc") (data (i32.const 0) "x"))`)
const HEADER = 8
const { sections } = parseModule(BASE)
const places = [HEADER, ...sections.map(({ end }) => end)]

function custom(name: string | Uint8Array, contents: Uint8Array): Uint8Array {
  const writer = new Writer(contents.length + 64)
  writer.section(0, (w) => {
    if (typeof name === 'string') w.name(name)
    else {
      w.u32(name.length)
      w.bytes(name)
    }
    w.bytes(contents)
  })
  return writer.finish()
}

const inserted = (at: number, ...parts: readonly Uint8Array[]) => new Uint8Array(Buffer.concat([BASE.subarray(0, at), ...parts, BASE.subarray(at)]))
const text = (value: string) => new TextEncoder().encode(value)

/** It still does what it did, and is stopped when it runs away. */
async function works(bench: Bench, bytes: Uint8Array): Promise<void> {
  const host = bench.host({ execTimeout: 5_000 })
  const module = await host.loadModule('attack', bytes, { imports: { m: { f: () => undefined } } })
  assert.deepEqual(await module.call('run', [0]), [42])
  await failure(module.call('run', [1], { timeout: 10 }), 'deadline')
  await host.close()
}

behaviour('a custom section may stand anywhere, any number of times, under any name', async (bench) => {
  for (const at of places) await works(bench, inserted(at, custom('x', text('anything')), custom('', new Uint8Array(0)), custom('x', new Uint8Array(300))))
  await works(bench, inserted(HEADER, ...Array.from({ length: 1_000 }, () => custom('many', new Uint8Array(1)))))
  await works(bench, inserted(HEADER, custom('long', new Uint8Array(1_000_000))))
})

test('custom sections whose names are wrong are as wrong as V8 finds them', () => {
  for (const at of places) {
    assertAsWrongAs(inserted(at, custom(Uint8Array.of(0xff, 0xfe), new Uint8Array(1))), `a name that is no UTF-8 at ${at}`)
    assertAsWrongAs(inserted(at, custom(Uint8Array.of(0xed, 0xa0, 0x80), new Uint8Array(1))), `half a character at ${at}`)
    assertAsWrongAs(inserted(at, Uint8Array.of(0, 0)), `no name at ${at}`)
    assertAsWrongAs(inserted(at, Uint8Array.of(0, 1, 5)), `a name that is longer than its section at ${at}`)
    assertAsWrongAs(inserted(at, Uint8Array.of(0, 5, 0xff, 0xff, 0xff, 0xff, 0x0f)), `a name of 2^32 - 1 bytes at ${at}`)
    assertAsWrongAs(inserted(at, custom('x'.repeat(200_000), new Uint8Array(0))), `a name of 200,000 bytes at ${at}`)
  }
})

behaviour('a section of names may say anything, also of functions that are not there', async (bench) => {
  const names: readonly number[][] = [
    [],
    [1, 0xff, 0xff, 0xff, 0xff, 0x0f],
    [1, 5, 0xff, 0xff, 0xff, 0xff, 0x0f],
    [1, 4, 1, 0x80, 0x80, 0x01],
    [1, 4, 1, 200, 1, 0x61],
    [0, 3, 2, 0xff, 0xfe],
    [7, 7, 7, 7],
  ]
  for (const contents of names) await works(bench, inserted(BASE.length, custom('name', Uint8Array.from(contents))))
})

const FORGED: Abi = { version: 2, counter: 'run', hooks: 'memory', start: 'run', memories: ['nothing'] }

behaviour('a forged section of the ABI is taken out, wherever it stands', async (bench) => {
  for (const at of places) {
    const bytes = inserted(at, custom(ABI_SECTION, text(JSON.stringify(FORGED))))
    const written = WebAssembly.Module.customSections(new WebAssembly.Module(guard(bytes).bytes), ABI_SECTION)
    assert.deepEqual(
      written.map((section) => JSON.parse(new TextDecoder().decode(section))),
      [guard(bytes).abi],
    )
    await works(bench, bytes)
  }
})

const HINT_SECTION = 'metadata.code.branch_hint'
const run = 2
const bodyOfRun = parseModule(BASE).bodyStarts[1] as number
/** Where its `if` is, from the start of the body. */
const ifOffset = BASE.indexOf(0x04, bodyOfRun) - bodyOfRun
const HINTS: Readonly<Record<string, readonly number[]>> = {
  right: [1, run, 1, ifOffset, 1, 1],
  'of another instruction': [1, run, 1, ifOffset + 1, 1, 1],
  'past the end of the function': [1, run, 1, 0xff, 0x7f, 1, 1],
  'at 2^32 - 1': [1, run, 1, 0xff, 0xff, 0xff, 0xff, 0x0f, 1, 1],
  'twice for one place': [1, run, 2, ifOffset, 1, 1, ifOffset, 1, 0],
  'out of order': [1, run, 2, ifOffset + 3, 1, 1, ifOffset, 1, 0],
  'of a value that is none': [1, run, 1, ifOffset, 1, 2],
  'of two bytes': [1, run, 1, ifOffset, 2, 1, 1],
  'of an imported function': [1, 0, 1, 0, 1, 1],
  'of a function of the guard': [1, 3, 1, 0, 1, 1],
  'of a function that is not there': [1, 100, 1, 0, 1, 1],
  'of functions out of order': [2, run, 1, ifOffset, 1, 1, 1, 1, 0, 1, 1],
  'of 2^32 - 1 functions': [0xff, 0xff, 0xff, 0xff, 0x0f],
  'of 2^32 - 1 places': [1, run, 0xff, 0xff, 0xff, 0xff, 0x0f],
  'cut off': [1, run],
  'with bytes after it': [0, 1, 2, 3],
  empty: [],
}

for (const [what, contents] of Object.entries(HINTS))
  behaviour(`a branch hint ${what} is taken out: it speaks of code that has moved`, async (bench) => {
    for (const at of places) {
      const hints = custom(HINT_SECTION, Uint8Array.from(contents))
      const bytes = inserted(at, hints, hints)
      if (!isKnown(bytes)) continue
      const { bytes: guarded } = guard(bytes)
      const written = WebAssembly.Module.customSections(new WebAssembly.Module(guarded), HINT_SECTION)
      const own = WebAssembly.Module.customSections(new WebAssembly.Module(guard(BASE).bytes), HINT_SECTION)
      assert.deepEqual(written, own)
    }
    await works(bench, inserted(BASE.length, custom(HINT_SECTION, Uint8Array.from(contents))))
  })
