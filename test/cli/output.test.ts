import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fail, printJson, safeName, safePath, table } from '../../src/cli/output.ts'
import { CallError } from '../../src/errors.ts'

function written(print: (sink: { write(text: string): unknown }) => void): string {
  let text = ''
  print({ write: (more) => (text += more) })
  return text
}

test('a table is as wide as its cells and ends without spaces', () => {
  assert.equal(
    table([
      ['a', 'bb', ''],
      ['ééé', 'c', 'd'],
    ]),
    '  a    bb\n  ééé  c   d\n',
  )
  assert.equal(table([]), '')
})

test('a table may be long', () => {
  assert.equal(table(Array.from({ length: 200_000 }, () => ['x'])).length, 800_000)
})

test('plain names print as they are, others quoted', () => {
  for (const name of ['add', 'env.log', 'wasi:io/poll@0.2.0#x', 'été', 'λ→']) assert.equal(safeName(name), name)
  assert.equal(safeName(''), '""')
  assert.equal(safeName('a b'), '"a b"')
  assert.equal(safeName('say "x"'), '"say \\"x\\""')
  assert.equal(safeName('a\u009b1m\u2066'), '"a\\u009b1m\\u2066"')
  assert.equal(safeName('x'.repeat(81)), `"${'x'.repeat(80)}…"`)
  assert.equal(safePath(`my dir/${'x'.repeat(100)}`), `my dir/${'x'.repeat(100)}`)
  assert.equal(safePath('a\nb'), '"a\\nb"')
})

test('JSON is one line without control characters, and large whole numbers are strings', () => {
  const value = { a: 'x\u001b\u009b\u202e\u{e0001}\n', b: 5n, c: 2n ** 60n, d: undefined }
  const text = written((sink) => printJson(sink, value))
  assert.equal(text, '{"a":"x\\u001b\\u009b\\u202e\\udb40\\udc01\\n","b":5,"c":"1152921504606846976"}\n')
  assert.equal(JSON.parse(text).a, value.a)
})

test('what is no error of ours is an internal error, without a stack trace', () => {
  let [out, err] = ['', '']
  const io = { stdout: { write: (text: string) => (out += text) }, stderr: { write: (text: string) => (err += text), colour: true } }
  assert.equal(fail(io, new TypeError('x is undefined'), { json: false, module: 'a.wasm', function: 'f' }), 1)
  assert.equal(
    err,
    '\u001b[31mcurfew:\u001b[0m internal error: TypeError: x is undefined\n  where:      a.wasm\n  what to do: This is a bug in curfew. Please report it, with the module if you can.\n',
  )
  assert.equal(fail(io, 'thrown', { json: true }), 1)
  assert.deepEqual(JSON.parse(out).error, {
    code: 'internal',
    message: 'internal error: thrown',
    advice: 'This is a bug in curfew. Please report it, with the module if you can.',
    exitCode: 1,
  })
})

test('a message is one line, whatever the engine quotes in it', () => {
  let err = ''
  const io = { stdout: { write: () => undefined }, stderr: { write: (text: string) => (err += text) } }
  fail(io, new CallError('trap', 'the engine said "\u001b[2J\n\u202e"'), { json: false })
  assert.ok(err.startsWith('curfew: the engine said "\\u001b[2J\\u000a\\u202e"\n  what to do: '), err)
})

test('an exit code is that of the table', () => {
  const io = { stdout: { write: () => undefined }, stderr: { write: () => undefined } }
  assert.equal(fail(io, new CallError('closed', 'closed'), { json: false }), 5)
  assert.equal(fail(io, new CallError('aborted', 'aborted'), { json: true }), 130)
})
