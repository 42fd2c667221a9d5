import assert from 'node:assert/strict'
import { test } from 'node:test'
import { guard } from '../../src/guard/index.ts'
import { wat } from '../support/wat.ts'
import { fixture, run } from './run.ts'

const EVERYTHING = wat(`(module
  (import "env" "log" (func (param i32)))
  (import "env" "table" (table 1 funcref))
  (memory (export "memory") 1)
  (memory i64 2 2)
  (table (export "table") 2 4 funcref)
  (global (export "count") (mut i64) (i64.const 1))
  (tag (export "failure") (param i32))
  (func $start)
  (start $start)
  (func (export "fill") (loop $again (memory.fill (i32.const 0) (i32.const 1) (i32.const 5000)) (br $again)))
  (func (export "v") (param v128)))`)

test('shows what a module is made of and what the guard does', async () => {
  const { size, guardedSize } = guard(EVERYTHING).report
  const { code, out, err } = await run(['inspect', 'x.wasm'], { files: { 'x.wasm': EVERYTHING } })
  assert.deepEqual([code, err], [0, ''])
  const [first, ...rest] = out.split('\n\n')
  assert.equal(first, `x.wasm: ${size} bytes, 3 functions, 1 imported, with a start function`)
  assert.deepEqual(rest.slice(0, 4), [
    [
      'Exports',
      '  memory   memory    pages: 1 or more',
      '  table    table     funcref, 2 to 4',
      '  count    global    mut i64',
      '  failure  tag       (i32) -> ()',
      '  fill     function  () -> ()',
      '  v        function  (v128) -> (), not callable',
    ].join('\n'),
    ['Imports', '  env  log    function  (i32) -> ()', '  env  table  table     funcref, 1 or more'].join('\n'),
    [
      'Memories',
      '  0 memory  1 or more pages (64 KiB or more)  lowered to 2,046 pages, 127.9 MiB',
      '  1         2 pages, 64-bit (128 KiB)         not lowered',
    ].join('\n'),
    ['Tables', '  0 (imported)  funcref  1 or more elements  lowered to 99,996 elements', '  1 table       funcref  2 to 4 elements     not lowered'].join(
      '\n',
    ),
  ])
  assert.match(rest[4] as string, /^Sections\n {3}\d\d {2}type\n/)
  assert.equal(
    rest[5],
    [
      'Guard',
      '    5  checks',
      '    1    after copies of a loop',
      '    4    operations with a length',
      `  ${guardedSize}  bytes once guarded: ${guardedSize - size} more, ${(guardedSize / size).toFixed(1)} times the size\n`,
    ].join('\n'),
  )
})

test('the sizes of the sections add up to that of the file', async () => {
  const { size, sections } = JSON.parse((await run(['inspect', fixture('traps'), '--json'])).out)
  assert.equal(
    sections.reduce((sum: number, each: { size: number }) => sum + each.size, 8),
    size,
  )
})

test('--json has the same as one object', async () => {
  const { code, out, err } = await run(['inspect', fixture('memory_hog'), '--json', '--memory', '1MiB'])
  assert.deepEqual([code, err], [0, ''])
  const { module, functions, start, memories, exports, guard: guarded } = JSON.parse(out)
  assert.deepEqual([module, functions, start], ['test/fixtures/memory_hog.wasm', { imported: 0, defined: 4 }, false])
  assert.deepEqual(memories, [{ index: 0, imported: false, exports: ['memory'], minimum: 1, maximum: null, guardedMaximum: 16, address: 'i32', shared: false }])
  assert.deepEqual(exports[1], { name: 'grow', kind: 'function', type: '(i32) -> i32', params: ['i32'], results: ['i32'], callable: true })
  const counts: number[] = Object.values(guarded.checks)
  assert.equal(
    guarded.total,
    counts.reduce((sum, count) => sum + count),
  )
  assert.equal(guarded.memoryLimit, 1_048_576)
})

test('a module that the guard refuses is described, with the reason', async () => {
  const files = { 'gc.wasm': wat('(module (type $s (struct (field i32))) (func (export "x")))') }
  const { code, out, err } = await run(['inspect', 'gc.wasm'], { files })
  assert.equal(code, 3)
  assert.equal(out, 'gc.wasm: 35 bytes, 1 function\n\nExports\n  x  function  () -> ()\n\nSections\n  10  type\n   4  function\n   7  export\n   6  code\n\n')
  assert.equal(
    err,
    'curfew: the module defines struct type 0 (garbage-collected objects), whose memory no limit can bound\n  where:      gc.wasm\n  what to do: Build the plugin without that feature; no option lets it through.\n',
  )
  const json = await run(['inspect', 'gc.wasm', '--json'], { files })
  assert.deepEqual([json.code, json.err], [3, ''])
  const { guard: guarded, error, size } = JSON.parse(json.out)
  assert.deepEqual([guarded, size, error.code, error.exitCode], [null, 35, 'unsupported-feature', 3])
})

test('a module that only the engine refuses is, too', async () => {
  const files = { 'bad.wasm': wat('(module (func (export "x") (result i32)))') }
  const { code, out, err } = await run(['inspect', 'bad.wasm'], { files })
  assert.equal(code, 3)
  assert.match(out, /\nExports\n {2}x {2}function {2}\(\) -> i32\n/)
  assert.match(err, /^curfew: the engine refused the module: /)
})

test('nothing of the module runs', async () => {
  assert.equal((await run(['inspect', fixture('start_loop')])).code, 0)
})

test('names from the module cannot reach the terminal as they are', async () => {
  const files = {
    'odd.wasm': wat('(module (func (export "a\\1b[31m\\e2\\80\\ae")) (func (export "")) (func (export "\\c3\\a9t\\c3\\a9")) (func (export "a b")))'),
  }
  const { out } = await run(['inspect', 'odd.wasm'], { files })
  assert.match(out, /\n {2}"a\\u001b\[31m\\u202e" {2}function/)
  assert.match(out, /\n {2}"" +function/)
  assert.match(out, /\n {2}été +function/)
  assert.match(out, /\n {2}"a b" +function/)
})

test('the empty module has nothing to show and stays as it is', async () => {
  const files = { 'none.wasm': wat('(module)') }
  assert.equal(
    (await run(['inspect', 'none.wasm'], { files })).out,
    'none.wasm: 8 bytes, 0 functions\n\nGuard\n  0  checks\n  8  bytes once guarded: unchanged\n',
  )
})
