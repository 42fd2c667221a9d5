import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { parseDirectory, parseVariable } from '../../src/cli/run.ts'
import { temporaryTree } from '../support/temporary-tree.ts'
import { wat } from '../support/wat.ts'
import { fixture, run } from './run.ts'

/** Copies input to output, and what is in `in.txt` of its first directory before it; exits with the number of its arguments. */
const PROGRAM = wat(`(module
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 100) "in.txt")
  (func $copy (param $from i32)
    (loop $more
      (i32.store (i32.const 0) (i32.const 1000))
      (i32.store (i32.const 4) (i32.const 50000))
      (if (call $read (local.get $from) (i32.const 0) (i32.const 1) (i32.const 8)) (then (return)))
      (i32.store (i32.const 4) (i32.load (i32.const 8)))
      (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 12)))
      (br_if $more (i32.load (i32.const 8)))))
  (func (export "_start")
    (if (i32.eqz (call $open (i32.const 3) (i32.const 0) (i32.const 100) (i32.const 6) (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 16)))
      (then (call $copy (i32.load (i32.const 16)))))
    (call $copy (i32.const 0))
    (drop (call $args (i32.const 20) (i32.const 24)))
    (drop (call $environ (i32.const 28) (i32.const 32)))
    (call $exit (i32.add (i32.load (i32.const 20)) (i32.mul (i32.const 10) (i32.load (i32.const 28)))))))`)

const LOOP = wat('(module (memory (export "memory") 1) (func (export "_start") (loop $again (br $again))))')
const EXIT = wat(
  '(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32))) (memory (export "memory") 1) (func (export "_start") (call $exit (i32.const 256))))',
)
const TRAP = wat('(module (func (export "_start") unreachable))')
const files = { 'cat.wasm': PROGRAM, 'loop.wasm': LOOP, 'exit.wasm': EXIT, 'trap.wasm': TRAP }

/** Input that comes in pieces. */
async function* input(...pieces: string[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield new TextEncoder().encode(piece)
}

test('a program reads the input and writes to the output of the command, which exits with its code', async () => {
  assert.deepEqual(await run(['run', 'cat.wasm'], { files, stdin: input('one ', 'two') }), { code: 1, out: 'one two', err: '' })
  assert.deepEqual(await run(['run', 'cat.wasm'], { files }), { code: 1, out: '', err: '' })
})

test('arguments and environment are passed on, whatever they look like', async () => {
  assert.equal((await run(['run', 'cat.wasm', 'a', '-5', '--', '--timeout', '-v'], { files })).code, 5)
  assert.equal((await run(['run', '--env', 'A=1', '--env=B=x=y', 'cat.wasm'], { files })).code, 21)
})

test('it sees the directories that it is given, and no others', async (t) => {
  const root = temporaryTree(t, { 'in.txt': 'from the file ' })
  assert.equal((await run(['run', '--dir', `${root}::/data:ro`, 'cat.wasm'], { files, stdin: input('and input') })).out, 'from the file and input')
  assert.equal((await run(['run', '--dir', root, 'cat.wasm'], { files })).out, 'from the file ')
  const { code, err } = await run(['run', '--dir', join(root, 'nothing'), 'cat.wasm'], { files })
  assert.equal(code, 2)
  assert.match(err, /^curfew: the directory .*nothing.* cannot be opened: ENOENT/)
})

test('directories and variables are written so, and not otherwise', () => {
  assert.deepEqual(parseDirectory('data'), { host: 'data', guest: 'data', readOnly: false })
  assert.deepEqual(parseDirectory('./a b::/x'), { host: './a b', guest: '/x', readOnly: false })
  assert.deepEqual(parseDirectory('data::/x:ro'), { host: 'data', guest: '/x', readOnly: true })
  assert.deepEqual(parseDirectory('data:ro'), { host: 'data', guest: 'data', readOnly: true })
  for (const text of ['', '::x', 'x::', '::', ':ro', '::x:ro']) assert.equal(parseDirectory(text), undefined)
  assert.deepEqual(parseVariable('A=b=c'), ['A', 'b=c'])
  assert.deepEqual(parseVariable('A='), ['A', ''])
  for (const text of ['', 'A', '=x']) assert.equal(parseVariable(text), undefined)
})

test('what cannot be read as a directory or variable is refused with what it takes', async () => {
  const { code, err } = await run(['run', '--env', 'A', 'cat.wasm'], { files })
  assert.equal(code, 2)
  assert.match(err, /option '--env <name=value>' argument 'A' is invalid. It takes NAME=value/)
})

test('a program that does not end is ended, with the exit code of the one table', async () => {
  const { code, err } = await run(['run', 'loop.wasm', '--timeout', '30ms'], { files })
  assert.equal(code, 124)
  assert.match(err, /^curfew: the call reached its deadline of 30 ms/)
  assert.equal((await run(['run', 'loop.wasm', '--cpu-timeout', '30ms'], { files })).code, 124)
  assert.equal((await run(['run', 'loop.wasm', '--fuel', '100000'], { files })).code, 6)
  assert.equal((await run(['run', 'trap.wasm'], { files })).code, 4)
})

test('failure stays failure where exit codes have 8 bits', async () => {
  assert.equal((await run(['run', 'exit.wasm'], { files })).code, 255)
})

test('--json prints one object, with the exit code as it was and what was written', async () => {
  const { code, out } = await run(['run', 'cat.wasm', '--json', '--fuel', '0'], { files, stdin: input('text') })
  assert.equal(code, 1)
  const { elapsed, cpu, fuel, ...rest } = JSON.parse(out)
  assert.deepEqual(rest, { module: 'cat.wasm', exitCode: 1, stdout: 'text', stderr: '' })
  assert.ok(elapsed > 0 && cpu > 0 && fuel > 0)
  assert.equal(JSON.parse((await run(['run', 'exit.wasm', '--json'], { files })).out).exitCode, 256)
  const failed = JSON.parse((await run(['run', 'loop.wasm', '--json', '--timeout', '30ms'], { files })).out)
  assert.deepEqual([failed.error.code, failed.error.exitCode, failed.error.output], ['deadline', 124, { stdout: '', stderr: '' }])
})

test('what is no program is told how to be called', async () => {
  const { code, err } = await run(['run', fixture('add')])
  assert.equal(code, 2)
  assert.match(
    err,
    /^curfew: the module is no program: it exports no _start\n {2}where: .*add.wasm\n {2}what to do: Build it as one, or call one of its functions with `curfew call`/,
  )
})

test('a program whose output nobody reads any more ends, as by SIGPIPE, and nothing is said of it', { skip: !('Suspending' in WebAssembly) }, async () => {
  const endless = wat(`(module
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "_start") (i32.store (i32.const 4) (i32.const 100)) (loop $again (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))) (br $again))))`)
  const refuse = async () => {
    throw new Error('EPIPE')
  }
  const { code, err } = await run(['run', 'endless.wasm', '--timeout', '5s'], { files: { 'endless.wasm': endless }, writeBytes: refuse })
  assert.deepEqual([code, err], [141, ''])
})

/** Runs the real command, until it says something, and tells it what to do then. */
function command(t: TestContext, args: readonly string[]) {
  const root = temporaryTree(t, {})
  const file = join(root, 'cat.wasm')
  writeFileSync(file, PROGRAM)
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../src/cli/bin.ts'), 'run', file, ...args])
  let out = ''
  child.stdout.on('data', (chunk) => {
    out += chunk
  })
  const ended = new Promise<{ code: number | null; out: string }>((resolve) => child.on('close', (code) => resolve({ code, out })))
  return { child, ended, said: (text: string) => new Promise<void>((resolve) => child.stdout.on('data', () => out.includes(text) && resolve())) }
}

test('the process passes input on as it comes, and bytes as they are', async (t) => {
  const { child, ended, said } = command(t, [])
  if ('Suspending' in WebAssembly) {
    const heard = said('first')
    child.stdin.write('first')
    await heard
  } else child.stdin.write('first')
  child.stdin.end(Uint8Array.of(0xc3, 0xa9))
  assert.deepEqual(await ended, { code: 1, out: 'firsté' })
})

test('the process ends when its program is ended, also if its input never does', { skip: !('Suspending' in WebAssembly) }, async (t) => {
  const { child, ended } = command(t, ['--timeout', '100ms'])
  assert.equal((await ended).code, 124)
  child.stdin.destroy()
})

test('the help tells of every option', async () => {
  const { out } = await run(['run', '--help'])
  for (const option of ['--env', '--dir', '--timeout', '--cpu-timeout', '--memory', '--fuel', '--deterministic', '--json'])
    assert.ok(out.includes(option), option)
})
