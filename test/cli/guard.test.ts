import assert from 'node:assert/strict'
import { test } from 'node:test'
import { guard } from '../../src/guard/index.ts'
import { wat } from '../support/wat.ts'
import { fixture, run } from './run.ts'

const text = (content: string) => new TextEncoder().encode(content)

const MODULE = wat(`(module
  (memory 1)
  (func $start)
  (start $start)
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func (export "forever") (loop $again (br $again))))`)

/** What the command writes and prints. */
async function guarded(module: Uint8Array, ...options: string[]) {
  const written: Record<string, Uint8Array<ArrayBuffer>> = {}
  const { code, out, err } = await run(['guard', 'in.wasm', '-o', 'out.wasm', ...options], { files: { 'in.wasm': module }, written })
  assert.deepEqual([code, err], [0, ''])
  assert.deepEqual(Object.keys(written), ['out.wasm'])
  return { out, bytes: written['out.wasm'] as Uint8Array<ArrayBuffer> }
}

/** What it says when it fails, having written nothing. */
async function said(argv: readonly string[], expected: number, files: Record<string, Uint8Array> = { 'in.wasm': MODULE }) {
  const written = {}
  const { code, out, err } = await run(['guard', ...argv], { files, written })
  assert.deepEqual([code, out, written], [expected, '', {}])
  return err
}

test('writes what the guard makes of the module, with what it was told', async () => {
  assert.deepEqual((await guarded(MODULE)).bytes, guard(MODULE).bytes)
  assert.deepEqual((await guarded(MODULE, '--fuel')).bytes, guard(MODULE, { fuel: true }).bytes)
  assert.deepEqual((await guarded(MODULE, '--deterministic')).bytes, guard(MODULE, { deterministic: true }).bytes)
  assert.deepEqual((await guarded(MODULE, '--memory', '1MiB')).bytes, guard(MODULE, { memoryLimit: 1_048_576 }).bytes)
  assert.deepEqual((await guarded(MODULE, '--report')).bytes, guard(MODULE).bytes)
})

test('refuses what some engine would misread: nobody knows who will run the file', async () => {
  // (module (func (block (block (try_table (catch_all 2)))))), with a block type of two bytes
  const wide = Uint8Array.from(Buffer.from('0061736d01000000010401600000030201000a11010f00024002401f8000010202' + '0b0b0b0b', 'hex'))
  const err = await said(['in.wasm', '-o', 'out.wasm'], 3, { 'in.wasm': wide })
  assert.match(err, /a block type of several bytes, which V8 before 13 \(Node 22\) misreads/)
})

test('says what it did and what each export is for', async () => {
  const { out, bytes } = await guarded(MODULE)
  const [first, ...parts] = out.split('\n\n')
  assert.equal(first, `in.wasm: ${MODULE.length} bytes, written to out.wasm`)
  assert.deepEqual(
    parts.map((part) => part.split('\n')[0]),
    ['Guard', 'Limits', 'Memories', 'To drive it'],
  )
  const more = bytes.length - MODULE.length
  assert.equal(
    parts[0],
    `Guard\n    1  check\n    1    after copies of a loop\n  ${bytes.length}  bytes once guarded: ${more} more, ${(bytes.length / MODULE.length).toFixed(1)} times the size`,
  )
  assert.equal(
    parts[1],
    [
      'Limits',
      '  memories  128 MiB together',
      '  tables    100,000 elements together',
      '  fuel      not counted',
      '  has no    garbage-collected objects, exceptions that are kept, imported tags, shared memories, which are refused',
    ].join('\n'),
  )
  assert.equal(parts[2], 'Memories\n  0  1 or more pages (64 KiB or more)  lowered to 2,048 pages, 128 MiB')
  assert.equal(
    parts[3],
    [
      'To drive it',
      '  curfew.hooks    table     slot 0: the poll, () -> i32. It answers 1 to 4,000,000 units of 1/8 ns to go on, 0 to stop',
      '  curfew.counter  mut i32   the credit that is left; set it to 0 before a call, to be polled at its first check',
      '  curfew.start    function  the start function; call it once, when all of the above is in place',
      '  curfew.memory0  memory    a memory that the module does not export itself, for who limits them together',
      '  The custom section "curfew" has these names as JSON. `curfew guard --help` shows a driver.\n',
    ].join('\n'),
  )
})

test('with fuel and determinism, it says what comes with them', async () => {
  const { out } = await guarded(MODULE, '--deterministic')
  assert.match(
    out,
    /\n {2}fuel {6}counted, by the usual costs\n {2}results {3}the same on every machine, NaNs too\n {2}has no {4}.*, relaxed SIMD, which are refused\n/,
  )
  assert.match(out, /\n {28}slot 1: \(i32\) -> i32, told what ran out: 0 fuel, 1 stack, 2 memory\. /)
  assert.match(out, /\n {2}curfew\.fuel {5}mut i64 /)
  assert.match(out, /\n {2}curfew\.depth {4}mut i32 .* 400,000 /)
  for (const line of out.split('\n')) assert.ok(line.length <= 130, line)
})

test('--json has the same as one object', async () => {
  const { out, bytes } = await guarded(MODULE, '--fuel', '--json', '--memory', '1MiB')
  assert.equal(out.split('\n').length, 2)
  const { abi, report } = guard(MODULE, { fuel: true, memoryLimit: 1_048_576 })
  const summary = JSON.parse(out)
  assert.deepEqual(
    [summary.module, summary.output, summary.size, summary.guardedSize, summary.guard.total],
    ['in.wasm', 'out.wasm', MODULE.length, bytes.length, 1],
  )
  assert.deepEqual([summary.guard.checks, summary.abi], [report.checks, abi])
  assert.deepEqual([summary.limits.memory, summary.limits.fuel, summary.limits.deterministic], [1_048_576, true, false])
  assert.deepEqual([summary.memories[0].guardedMaximum, summary.functions], [16, undefined])
  assert.deepEqual(
    summary.driver.map((step: { export: string; type: string }) => [step.export, step.type]),
    [
      [abi.hooks, 'table'],
      [abi.counter, 'mut i32'],
      [abi.fuel, 'mut i64'],
      [abi.depth, 'mut i32'],
      [abi.start, 'function'],
      ['curfew.memory0', 'memory'],
    ],
  )
})

test('the empty module has nothing to drive', async () => {
  const { out, bytes } = await guarded(wat('(module)'))
  assert.equal(bytes.length, 8)
  assert.match(out, /\n {2}8 {2}bytes once guarded: unchanged\n/)
  assert.doesNotMatch(out, /To drive it/)
})

test('names that the module has taken are told as they became', async () => {
  const { out } = await guarded(wat('(module (func (export "curfew.hooks") (loop (br 0))))'))
  assert.match(out, /\n {2}curfew\.hooks\.1 {2}table {4}slot 0/)
})

test('--report shows what became of each function, those that grew most first', async () => {
  const module = wat(`(module
    (func (export "none"))
    (func (export "loop") (export "second name") (loop (br 0)))
    (func (export "two loops") (loop (br 0)) (loop (br 0)) call 0))`)
  const { code, out, err } = await run(['guard', 'in.wasm', '--report'], { files: { 'in.wasm': module }, written: {} })
  assert.deepEqual([code, err], [0, ''])
  assert.match(out, /^in\.wasm: \d+ bytes, nothing written\n/)
  const lines = out.slice(out.indexOf('Functions, by the bytes added')).split('\n')
  const { functions = [] } = guard(module, { perFunction: true }).report
  const grown = (index: number) =>
    `${functions[index]?.size} +${functions[index]?.guardedSize} +${(functions[index]?.guardedSize as number) - (functions[index]?.size as number)}`
  assert.match(lines[1] as string, /^ {2}index {2}bytes {2}guarded {2}more {2}entry .*copies {2}heaviest {2}name$/)
  assert.match(lines[2] as string, new RegExp(`^ {6}2 +${grown(2)} .* {2}0\\.\\d\\d\\d us {2}"two loops"$`))
  assert.match(lines[3] as string, new RegExp(`^ {6}1 +${grown(1)} +free .* {2}loop$`))
  assert.match(lines[4] as string, /^ {6}0 {6}2 +2 +0 +free +- +- {2}none$/)
  assert.equal(lines[5], '')
  const json = JSON.parse((await run(['guard', 'in.wasm', '--report', '--json', '--fuel'], { files: { 'in.wasm': module } })).out)
  assert.equal(json.output, null)
  assert.deepEqual(
    json.functions.map(({ index, name }: { index: number; name: string }) => [index, name]),
    [
      [2, 'two loops'],
      [1, 'loop'],
      [0, 'none'],
    ],
  )
  const expected = guard(module, { perFunction: true, fuel: true }).report.functions?.[2]
  assert.deepEqual(json.functions[0], { ...expected, name: 'two loops', heaviest: (expected?.heaviest as number) / 8_000 })
})

test('--report takes names that are not exported from the name section, and shows thirty functions', async () => {
  // The custom section "name", with "inner" for function 40
  const names = Uint8Array.of(0, 15, 4, ...text('name'), 1, 8, 1, 40, 5, ...text('inner'))
  const many = wat(`(module ${'(func)'.repeat(40)} (func (loop (br 0))))`)
  const files = { 'in.wasm': new Uint8Array([...many, ...names]) }
  const { out } = await run(['guard', 'in.wasm', '--report'], { files })
  assert.match(out, /\n {5}40 .* {2}inner\n/)
  assert.match(out, /\n {2}and 11 functions that grew less: --json has them all\n/)
  assert.doesNotMatch(out, /\n {5}29 /)
  assert.equal(JSON.parse((await run(['guard', 'in.wasm', '--report', '--json'], { files })).out).functions.length, 41)
})

test('--costs implies --fuel, and says where it is wrong', async () => {
  const files = (costs: string) => ({ 'in.wasm': MODULE, 'costs.json': text(costs) })
  const argv = ['in.wasm', '-o', 'out.wasm', '--costs', 'costs.json']
  const written: Record<string, Uint8Array> = {}
  const { out } = await run(['guard', ...argv], { files: files('\uFEFF{ "i32.add": 5 }'), written })
  assert.match(out, /\n {2}fuel {6}counted, by the costs of costs\.json\n/)
  assert.deepEqual(written['out.wasm'], guard(MODULE, { fuel: { 'i32.add': 5 } }).bytes)

  const wrong = async (costs: string) => {
    const [what, where, advice] = (await said(argv, 2, files(costs))).split('\n')
    assert.equal(where, '  where:      costs.json')
    assert.match(advice as string, /^ {2}what to do: It is to be like \{"default": 1, /)
    return what
  }
  assert.match((await wrong('{ "a": 1, }')) as string, /^curfew: the costs are not JSON: /)
  assert.equal(await wrong('[]'), 'curfew: the costs are JSON, but not an object')
  assert.equal(await wrong('null'), 'curfew: the costs are JSON, but not an object')
  assert.equal(
    await wrong('{ "i32.plus": 1 }'),
    'curfew: the costs have "i32.plus", but there is no such instruction; beside those they take default, kibibyte, element and page',
  )
  assert.equal(await wrong('{ "i32.add": -1 }'), 'curfew: the cost of "i32.add" takes a whole number from 0 to 1000000, but got -1')
  assert.equal(await wrong('{ "call": "7" }'), 'curfew: the cost of "call" takes a whole number from 0 to 1000000, but got "7"')
  assert.equal(await said(argv, 2), 'curfew: there is no such file\n  where:      costs.json\n  what to do: Check the path.\n')
  const { error } = JSON.parse((await run(['guard', ...argv, '--json'], { files: files('[]') })).out)
  assert.deepEqual([error.code, error.file, error.exitCode], ['invalid-option', 'costs.json', 2])
})

test('without -o there has to be --report', async () => {
  assert.equal(
    await said(['in.wasm', '--fuel'], 2),
    'curfew: there is no file to write to\n  where:      in.wasm\n  what to do: Name one with -o; with --report alone nothing is written.\n',
  )
})

test('what is no module, or none that the guard or the engine takes, is not written', async () => {
  const argv = ['in.wasm', '-o', 'out.wasm']
  assert.match(await said(argv, 3, {}), /^curfew: there is no such file\n {2}where: {6}in\.wasm\n/)
  assert.match(await said(argv, 3, { 'in.wasm': text('(module)') }), /^curfew: the file is WebAssembly text/)
  assert.match(await said(argv, 3, { 'in.wasm': wat('(module (type (struct)))') }), /^curfew: the module defines struct type 0 /)
  assert.match(await said(argv, 3, { 'in.wasm': wat('(module (func (result i32)))') }), /^curfew: the engine refused the module: /)
  assert.match(await said([...argv, '--memory', '1KiB'], 3), /start with 65536 bytes, above --memory of 1024\n.*\n {2}what to do: Raise --memory/)
  const relaxed = wat('(module (func (param v128) (drop (i8x16.relaxed_swizzle (local.get 0) (local.get 0)))))')
  assert.match(await said([...argv, '--deterministic'], 3, { 'in.wasm': relaxed }), /, at byte \d+ \(0x[0-9a-f]+\)\n.* or leave out --deterministic\.\n$/)
})

test('a file that has been guarded already is refused', async () => {
  const { bytes } = await guarded(MODULE)
  assert.equal(
    await said(['in.wasm', '-o', 'out.wasm'], 3, { 'in.wasm': bytes }),
    'curfew: the file has been guarded already\n  where:      in.wasm\n  what to do: Name the original. Guarded twice, it would trap: nobody would drive the first guard.\n',
  )
  // One that only has a section or an export of that name is like any other
  const section = Uint8Array.of(0, 7, 6, ...text('curfew'))
  await guarded(new Uint8Array([...MODULE, ...section]))
  await guarded(wat('(module (table (export "curfew.hooks") 1 funcref))'))
})

test('nothing of the module runs', async () => {
  assert.equal((await run(['guard', fixture('start_loop'), '--report'])).code, 0)
})
