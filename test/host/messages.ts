/** Messages are for people and for logs: strings that come from a guest cannot forge either. */
import assert from 'node:assert/strict'
import { REASONS } from '../../src/index.ts'
import { behaviour, failure, fixture } from '../support/host.ts'

// Escape codes, a line feed and a right-to-left override
const HOSTILE = 'a\u001b[31m\nfatal: b\u202e'
const HOSTILE_WAT = 'a\\1b[31m\\0afatal: b\\e2\\80\\ae'
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f]/

export function messages(): void {
  behaviour('export names with escape codes are escaped in messages, and listed as they are', async (bench) => {
    const module = await bench.load(`(module (func (export "${HOSTILE_WAT}") (result i32) unreachable) (func (export "take") (param i32)))`)
    assert.equal(module.exports[0]?.name, HOSTILE)
    const errors = [
      await failure(module.call(HOSTILE), 'trap'),
      await failure(module.call('nope'), 'no-such-function'),
      await failure(module.call(`${HOSTILE}!`), 'no-such-function'),
    ]
    for (const { message } of errors) {
      assert.doesNotMatch(message, UNPRINTABLE)
      assert.match(message, /\\u001b\[31m\\nfatal: b\\u202e/)
    }
  })

  behaviour('import names with escape codes are escaped, missing or wrong', async (bench) => {
    const text = `(module (import "${HOSTILE_WAT}" "${HOSTILE_WAT}" (func)))`
    assert.doesNotMatch((await failure(bench.load(text), 'missing-import')).message, UNPRINTABLE)
    assert.doesNotMatch((await failure(bench.load(text, { imports: { [HOSTILE]: { [HOSTILE]: 5 } } }), 'invalid-import')).message, UNPRINTABLE)
    const tag = `(module (import "env" "${HOSTILE_WAT}" (tag)))`
    assert.doesNotMatch((await failure(bench.load(tag), 'unsupported-feature')).message, UNPRINTABLE)
  })

  behaviour('what the engine says of a module it refuses is escaped as well', async (bench) => {
    const global = new WebAssembly.Global({ value: 'i32', mutable: true }, 1)
    const text = `(module (import "env" "${HOSTILE_WAT}" (global i32)))`
    assert.doesNotMatch((await failure(bench.load(text, { imports: { env: { [HOSTILE]: global } } }))).message, UNPRINTABLE)
    const twice = `(module (func $f (export "${HOSTILE_WAT}")) (export "${HOSTILE_WAT}" (func $f)))`
    assert.doesNotMatch((await failure(bench.load(twice))).message, UNPRINTABLE)
    const named = `(module (func (export "${HOSTILE_WAT}") (result i32) (i64.const 0)))`
    assert.doesNotMatch((await failure(bench.load(named), 'invalid-module')).message, UNPRINTABLE)
  })

  behaviour('long names are cut in messages', async (bench) => {
    const long = 'x'.repeat(10_000)
    const module = await bench.load(`(module (func (export "${long}") unreachable))`)
    for (const error of [await failure(module.call(long), 'trap'), await failure(module.call('nope'), 'no-such-function')])
      assert.ok(error.message.length < 500)
    const many = `(module ${Array.from({ length: 300 }, (_, at) => `(import "env" "f${at}" (func))`).join('')})`
    const error = await failure(bench.load(many), 'missing-import')
    assert.equal(error.figures.missing, 300)
  })

  behaviour("module names are the host's, and escaped all the same", async (bench) => {
    const module = await bench.host({ execTimeout: 5_000 }).loadModule(HOSTILE, fixture('traps'))
    assert.equal(module.name, HOSTILE)
    assert.doesNotMatch((await failure(module.call('unreachable'), 'trap')).message, UNPRINTABLE)
  })

  behaviour('every message ends with the way out that the table has for its code', async (bench) => {
    const module = await bench.load('traps')
    for (const attempt of [
      () => module.call('unreachable'),
      () => module.call('nope'),
      () => module.call('divide', [1]),
      () => bench.load('host_calls'),
      () => bench.load('(module (memory 1 1 shared))'),
    ]) {
      const error = await failure(attempt)
      assert.ok(error.message.endsWith(REASONS[error.code].advice), error.message)
      assert.ok(error.message.startsWith(error.what))
    }
  })

  behaviour('errors are told apart by `code`, have a stack, and print their kind', async (bench) => {
    const module = await bench.load('traps')
    const error = await failure(module.call('unreachable'), 'trap')
    assert.match(String(error), /^TrapError: the guest trapped/)
    assert.match(error.stack ?? '', /TrapError|CurfewError|Error: the guest trapped/)
    assert.equal(JSON.parse(JSON.stringify(error)).code, 'trap')
  })
}
