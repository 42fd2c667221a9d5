import assert from 'node:assert/strict'
import { test } from 'node:test'
import { guard } from '../../src/guard/index.ts'
import { Host } from '../../src/index.ts'
import { wat } from '../support/wat.ts'
import { fixture, run } from './run.ts'

const { slices } = new Host().features

test('a call prints its result', async () => {
  assert.deepEqual(await run(['call', fixture('add'), 'add', '2', '3']), { code: 0, out: '5\n', err: '' })
})

test('negative and hex arguments need no --', async () => {
  assert.equal((await run(['call', fixture('add'), 'add', '-5', '-0x10'])).out, '-21\n')
  assert.equal((await run(['call', '--timeout', '1s', fixture('add'), 'add', '-5', '3'])).out, '-2\n')
  assert.equal((await run(['call', fixture('add'), 'add', '--timeout=1s', '--', '-5', '3'])).out, '-2\n')
  assert.equal((await run(['call', fixture('types'), 'f64', '-inf', '--timeout', '1s'])).out, '-inf\n')
})

test('results are printed one a line, by their types', async () => {
  const { code, out } = await run(['call', fixture('types'), 'all', '4294967295', '0xffffffffffffffff', '0.1', 'nan'])
  assert.deepEqual([code, out], [0, '-1\n-1\n0.1\nnan\n'])
  assert.deepEqual(await run(['call', fixture('types'), 'nothing']), { code: 0, out: '', err: '' })
  assert.equal((await run(['call', fixture('types'), 'externref', 'null'])).out, 'null\n')
  assert.equal((await run(['call', fixture('types'), 'endless_ref'])).out, 'a function\n')
})

test('--json prints one object, with what numbers cannot hold as strings', async () => {
  const { code, out, err } = await run(['call', fixture('types'), 'all', '-1', '-9223372036854775808', '0.1', 'inf', '--json'])
  assert.deepEqual([code, err, out.split('\n').length], [0, '', 2])
  const { elapsed, cpu, ...rest } = JSON.parse(out)
  assert.deepEqual(rest, {
    module: 'test/fixtures/types.wasm',
    function: 'all',
    results: [
      { type: 'i32', value: -1 },
      { type: 'i64', value: '-9223372036854775808' },
      { type: 'f32', value: 0.1 },
      { type: 'f64', value: 'inf' },
    ],
  })
  assert.ok(elapsed > 0 && cpu >= 0 && cpu <= elapsed)
})

test('wrong arguments are refused with what is expected', async () => {
  const said = async (...args: string[]) => {
    const { code, out, err } = await run(['call', fixture('add'), 'add', ...args])
    assert.deepEqual([code, out], [2, ''])
    return err
  }
  const where = '  where:      function add of test/fixtures/add.wasm\n  what to do: Call it so: curfew call test/fixtures/add.wasm add <i32> <i32>\n'
  assert.equal(await said('1'), `curfew: the function takes 2 arguments, but got 1\n${where}`)
  assert.equal(await said('1', '2', '-3'), `curfew: the function takes 2 arguments, but got 3\n${where}`)
  const takes = 'takes a whole number from -2147483648 to 4294967295, in decimal or hex (-5, 0xff), but got'
  assert.equal(await said('1', 'x'), `curfew: argument 2 of 2 is i32 and ${takes} "x"\n${where}`)
  assert.equal(await said('-2147483649', '1'), `curfew: argument 1 of 2 is i32 and ${takes} "-2147483649"\n${where}`)
})

test('a function that takes nothing, and names that a shell would split', async () => {
  const files = { 'my file.wasm': wat(`(module (func (export "it's")))`) }
  assert.equal(
    (await run(['call', 'my file.wasm', "it's", '1'], { files })).err,
    "curfew: the function takes no arguments, but got 1\n  where:      function it's of my file.wasm\n  what to do: Call it so: curfew call 'my file.wasm' 'it'\\''s'\n",
  )
})

test('a start function does not run when the arguments are wrong', async () => {
  const { code, err } = await run(['call', fixture('start_loop'), 'ready', '1'])
  assert.equal(code, 2)
  assert.match(err, /takes no arguments/)
})

test('a missing function lists those that there are', async () => {
  assert.deepEqual(await run(['call', fixture('infinite_loop'), 'nope']), {
    code: 2,
    out: '',
    err: 'curfew: the module exports no function nope\n  where:      test/fixtures/infinite_loop.wasm\n  what to do: Name one that it exports: loop, ready.\n',
  })
  const files = {
    'none.wasm': wat('(module)'),
    'many.wasm': wat(`(module ${Array.from({ length: 25 }, (_, at) => `(func (export "f${at}"))`).join(' ')})`),
    'odd.wasm': wat('(module (func (export "a\\1b[31m b")))'),
  }
  assert.match((await run(['call', 'none.wasm', 'x'], { files })).err, /Name a module that exports functions; this one exports none\./)
  assert.match((await run(['call', 'many.wasm', 'x'], { files })).err, / f19, and 5 more that `curfew inspect many\.wasm` lists\./)
  assert.match((await run(['call', 'odd.wasm', '\u001b[2J'], { files })).err, /no function "\\u001b\[2J"\n.*\n.*: "a\\u001b\[31m b"\.\n/)
})

test('what cannot cross or be typed in is not callable', async () => {
  const { code, err } = await run(['call', fixture('types'), 'v128', '0'])
  assert.equal(code, 2)
  assert.match(err, /^curfew: the function cannot be called from here: it takes or returns a v128\n/)
  const files = { 'ref.wasm': wat('(module (func (export "x") (param (ref func))))') }
  assert.match((await run(['call', 'ref.wasm', 'x', 'null'], { files })).err, /it takes a \(ref func\), which cannot be typed in\n/)
  assert.match((await run(['call', fixture('types'), 'funcref', '5'])).err, /argument 1 of 1 is funcref and takes null, the only reference/)
})

test('a deadline ends with 124, as timeout(1) does', async () => {
  const { code, out, err } = await run(['call', fixture('infinite_loop'), 'loop', '--timeout', '20ms'])
  assert.deepEqual([code, out], [124, ''])
  assert.match(
    err,
    /^curfew: the call reached its deadline of 20 ms [^\n]+\n {2}where: {6}function loop of test\/fixtures\/infinite_loop\.wasm\n {2}what to do: Raise --timeout, or give the function less work\.\n$/,
  )
})

test('a failure with --json is one object on stdout, and nothing on stderr', async () => {
  const { code, out, err } = await run(['call', fixture('infinite_loop'), 'loop', '--timeout', '20', '--json'])
  assert.deepEqual([code, err], [124, ''])
  const { module, function: name, error } = JSON.parse(out)
  assert.deepEqual([module, name], ['test/fixtures/infinite_loop.wasm', 'loop'])
  assert.deepEqual([error.code, error.ran, error.exitCode, error.figures.timeout], ['deadline', true, 124, 20])
  assert.ok(['running', 'suspended'].includes(error.phase))
  assert.ok(error.figures.elapsed >= 20)
  assert.equal(error.advice, 'Raise --timeout, or give the function less work.')
})

test('CPU time and the start function have limits of their own', async () => {
  const cpu = await run(['call', fixture('infinite_loop'), 'loop', '--cpu-timeout', '10ms'])
  assert.deepEqual([cpu.code, cpu.out], [124, ''])
  assert.match(cpu.err, /^curfew: the guest used up its CPU time of 10 ms .*\n.*\n {2}what to do: Raise --cpu-timeout,/)
  assert.deepEqual(await run(['call', fixture('start_loop'), 'ready', '--start-timeout', '10ms']), {
    code: 124,
    out: '',
    err: 'curfew: the start function was not done within 10 ms\n  where:      test/fixtures/start_loop.wasm\n  what to do: Raise --start-timeout if the module is trusted to need longer.\n',
  })
})

test('traps, a used-up stack and exceptions end with 4', async () => {
  const divided = await run(['call', fixture('traps'), 'divide', '1', '0'])
  assert.deepEqual(divided, {
    code: 4,
    out: '',
    err: 'curfew: the guest trapped: divide by zero\n  where:      function divide of test/fixtures/traps.wasm\n  what to do: Check the arguments. If they are right, the plugin has a bug: it gave up by itself.\n',
  })
  const recursed = await run(['call', fixture('recursion'), 'recurse', '1'])
  assert.equal(recursed.code, 4)
  assert.match(recursed.err, /^curfew: the guest used up its stack\n/)
  const thrown = await run(['call', fixture('throws'), 'throw', '3'])
  assert.equal(thrown.code, 4)
  assert.match(thrown.err, /^curfew: the guest threw an exception that it did not catch\n/)
})

test('a module with imports lists them', async () => {
  assert.deepEqual(await run(['call', fixture('host_calls'), 'log', '3']), {
    code: 3,
    out: '',
    err: [
      'curfew: the module needs 3 imports, and the command has none to give:',
      '    env log: function (i32) -> ()',
      '    env now: function () -> f64',
      '    env callback: function () -> i32',
      '  where:      test/fixtures/host_calls.wasm',
      '  what to do: Build one that needs none, or load it from JavaScript with `host.loadModule(name, bytes, { imports })`.',
      '',
    ].join('\n'),
  })
  const { error } = JSON.parse((await run(['call', fixture('host_calls'), 'log', '3', '--json'])).out)
  assert.deepEqual([error.code, error.message, error.list.length], ['missing-import', 'the module needs 3 imports, and the command has none to give', 3])
})

test('a module that does not load ends with 3 and the reason', async () => {
  const files = {
    'trap.wasm': wat('(module (func $s unreachable) (start $s) (func (export "x")))'),
    'bad.wasm': wat('(module (func (export "x") (result i32)))'),
    'data.wasm': wat('(module (memory 1 1) (data (i32.const 65535) "abc") (func (export "x")))'),
  }
  const said = async (file: string) => {
    const { code, out, err } = await run(['call', file, 'x'], { files })
    assert.deepEqual([code, out], [3, ''])
    return err
  }
  assert.match(await said('trap.wasm'), /^curfew: the start function failed: the guest trapped: unreachable\n {2}where: {6}trap\.wasm\n/)
  assert.match(await said('bad.wasm'), /^curfew: the engine refused the module: /)
  assert.match(await said('data.wasm'), /^curfew: the module could not be instantiated: .*\n.*\n {2}what to do: Check that its data and element segments fit/)
})

test('--memory is what memories may grow to, and have to begin with', async () => {
  assert.equal((await run(['call', fixture('memory_hog'), 'grow', '1', '--memory', '64KiB'])).out, '-1\n')
  assert.equal((await run(['call', fixture('memory_hog'), 'grow', '1', '--memory', '128KiB'])).out, '1\n')
  const { code, err } = await run(['call', fixture('memory_hog'), 'grow', '1', '--memory', '1KiB'])
  assert.equal(code, 3)
  assert.match(err, /start with 65536 bytes, above --memory of 1024\n.*\n {2}what to do: Raise --memory/)
})

test('--fuel ends the call with 6 when it has used so much', async () => {
  const { code, out, err } = await run(['call', fixture('infinite_loop'), 'loop', '--fuel', '1000'])
  assert.deepEqual([code, out], [6, ''])
  assert.match(
    err,
    /^curfew: the guest used up its fuel of 1000 [^\n]+\n {2}where: {6}function loop of test\/fixtures\/infinite_loop\.wasm\n {2}what to do: Raise --fuel, or give the function less work\.\n$/,
  )
  const json = await run(['call', fixture('infinite_loop'), 'loop', '--fuel', '1000', '--json'])
  const { error } = JSON.parse(json.out)
  assert.deepEqual([json.code, error.code, error.exitCode, error.figures.fuel, error.figures.fuelUsed], [6, 'out-of-fuel', 6, 1000, 1000])
})

test('a call that counts fuel says how much it used, beside its results', async () => {
  const add = ['call', fixture('add'), 'add', '1', '2']
  assert.deepEqual(await run([...add, '--fuel', '3']), { code: 0, out: '3\n', err: 'curfew: 3 units of fuel used, of 3\n' })
  assert.equal((await run([...add, '--fuel', '2'])).code, 6)
  assert.deepEqual(await run([...add, '--fuel', '0']), { code: 0, out: '3\n', err: 'curfew: 3 units of fuel used\n' })
  assert.deepEqual(await run([...add, '--fuel', '99999999999999999999999']), {
    code: 0,
    out: '3\n',
    err: 'curfew: 3 units of fuel used, of 99,999,999,999,999,999,999,999\n',
  })
  assert.equal(JSON.parse((await run([...add, '--fuel', '0', '--json'])).out).fuel, 3)
  assert.equal('fuel' in JSON.parse((await run([...add, '--json'])).out), false)
})

test('--costs says what instructions cost, and counts them', async () => {
  const costs = new TextEncoder().encode('{ "default": 10, "i32.add": 7 }')
  const add = { 'costs.json': costs, 'add.wasm': wat('(module (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))') }
  const argv = ['call', 'add.wasm', 'add', '1', '2', '--costs', 'costs.json']
  assert.deepEqual(await run(argv, { files: add }), { code: 0, out: '3\n', err: 'curfew: 27 units of fuel used\n' })
  assert.equal((await run([...argv, '--fuel', '26'], { files: add })).code, 6)
  const { code, err } = await run(argv, { files: { ...add, 'costs.json': new TextEncoder().encode('{ "i32.ad": 7 }') } })
  assert.equal(code, 2)
  assert.match(err, /^curfew: the costs have "i32\.ad", but there is no such instruction; [^\n]+\n {2}where: {6}costs\.json\n/)
})

test('a start function that runs out of fuel says so', async () => {
  const { code, err } = await run(['call', fixture('start_loop'), 'ready', '--fuel', '100'])
  assert.equal(code, 3)
  assert.match(
    err,
    /^curfew: the start function failed: the guest used up its fuel of 100 .*\n.*\n {2}what to do: Raise --fuel: the start function has as much as a call\.\n$/,
  )
})

test('--deterministic gives NaNs one form and refuses what depends on the machine', async () => {
  const files = {
    'nan.wasm': wat('(module (func (export "nan") (param f64) (result i64) (i64.reinterpret_f64 (f64.add (local.get 0) (f64.const -nan:0x8000000000123)))))'),
    'relaxed.wasm': wat(
      '(module (func (export "x") (result i32) (i8x16.extract_lane_s 0 (i8x16.relaxed_swizzle (v128.const i64x2 0 0) (v128.const i64x2 0 0)))))',
    ),
  }
  const canonical = await run(['call', 'nan.wasm', 'nan', '1', '--deterministic'], { files })
  assert.deepEqual(canonical, { code: 0, out: `${0x7ff8n << 48n}\n`, err: '' })
  const { code, err } = await run(['call', 'relaxed.wasm', 'x', '--deterministic'], { files })
  assert.equal(code, 3)
  assert.match(
    err,
    /^curfew: the module uses i8x16\.relaxed_swizzle, [^\n]* --deterministic was asked for\n.*\n {2}what to do: Build the plugin without that, or leave out --deterministic\.\n$/,
  )
})

test('a file that has been guarded already is not guarded again', async () => {
  const files = { 'guarded.wasm': guard(wat('(module (func (export "x") (loop (br 0))))')).bytes }
  assert.deepEqual(await run(['call', 'guarded.wasm', 'x'], { files }), {
    code: 3,
    out: '',
    err: 'curfew: the file has been guarded already\n  where:      guarded.wasm\n  what to do: Name the original. Guarded twice, it would trap: nobody would drive the first guard.\n',
  })
})

test('an interrupt ends the call with 130 and leaves no listener', {
  skip: !slices && 'this engine cannot suspend a guest: a signal ends the process itself',
}, async () => {
  let listening = 0
  const onInterrupt = (listener: () => void) => {
    listening++
    setTimeout(listener, 5)
    return () => listening--
  }
  const { code, out, err } = await run(['call', fixture('infinite_loop'), 'loop'], { onInterrupt })
  assert.deepEqual([code, out, listening], [130, '', 0])
  assert.match(err, /^curfew: the call was aborted [^\n]+\n {2}where: {6}function loop of test\/fixtures\/infinite_loop\.wasm\n$/)
  const start = await run(['call', fixture('start_loop'), 'ready', '--start-timeout', '0'], { onInterrupt })
  assert.deepEqual([start.code, start.err, listening], [130, 'curfew: loading was aborted\n  where:      test/fixtures/start_loop.wasm\n', 0])
  assert.equal((await run(['call', fixture('add'), 'add', '1', '2'], { onInterrupt: () => () => listening-- })).out, '3\n')
  assert.equal(listening, -1)
})

test('without slices no listener is set, so that the signal works by itself', {
  skip: slices && 'this engine can suspend a guest: a listener is set and told',
}, async () => {
  let asked = false
  const onInterrupt = () => {
    asked = true
    return () => undefined
  }
  await run(['call', fixture('add'), 'add', '1', '2'], { onInterrupt })
  assert.equal(asked, false)
})
