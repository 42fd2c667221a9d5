import assert from 'node:assert/strict'
import { test } from 'node:test'
import { temporaryTree } from '../support/temporary-tree.ts'
import { run } from './run.ts'

const text = (content: string) => new TextEncoder().encode(content)

/** What `inspect` says of a file. */
async function said(path: string, files?: Readonly<Record<string, Uint8Array | Error>>): Promise<string> {
  const { code, out, err } = await run(['inspect', path], files === undefined ? {} : { files })
  assert.equal(code, 3)
  assert.equal(out, '')
  return err
}

test('a missing file and a directory are told apart', async (t) => {
  const root = temporaryTree(t, { 'folder/file': '' })
  assert.equal(await said(`${root}/nope.wasm`), `curfew: there is no such file\n  where:      ${root}/nope.wasm\n  what to do: Check the path.\n`)
  assert.equal(await said(`${root}/folder`), `curfew: that is a directory\n  where:      ${root}/folder\n  what to do: Name a file in it.\n`)
  assert.match(await said(`${root}/folder/file/x.wasm`), /^curfew: there is no such file: a part of the path is not a directory\n/)
  assert.equal(await said(`${root}/folder/file`), `curfew: the file is empty\n  where:      ${root}/folder/file\n  what to do: Check what was to write it.\n`)
})

test('other errors of the file system are passed on', async () => {
  const denied = Object.assign(new Error('EACCES'), { code: 'EACCES' })
  assert.match(await said('x.wasm', { 'x.wasm': denied }), /^curfew: reading the file is not permitted\n/)
  assert.match(await said('x.wasm', { 'x.wasm': new Error('the disk is on fire') }), /^curfew: the file could not be read: the disk is on fire\n/)
})

test('text in place of a binary is recognised by its content or its name', async () => {
  const expected = (path: string) =>
    `curfew: the file is WebAssembly text (.wat), not a binary module\n  where:      ${path}\n  what to do: Assemble it first, with \`wat2wasm\` (wabt) or \`wasm-tools parse\`, and name the .wasm file that comes out.\n`
  assert.equal(await said('test/fixtures/add.wat'), expected('test/fixtures/add.wat'))
  for (const content of ['(module)', ' \n( module $x', ';; a comment', '\uFEFF(; another ;)'])
    assert.equal(await said('x.wasm', { 'x.wasm': text(content) }), expected('x.wasm'), content)
  assert.equal(await said('x.wat', { 'x.wat': text('(func)') }), expected('x.wat'))
})

test('what is no module is said not to be one', async () => {
  const expected =
    'curfew: the file is not a WebAssembly module, which begins with the bytes 00 61 73 6d\n  where:      x.js\n  what to do: Name a .wasm file.\n'
  for (const content of ['(function () {})()', '{}', 'x', '\0as']) assert.equal(await said('x.js', { 'x.js': text(content) }), expected, content)
})

test('a component and a cut module say where they go wrong', async () => {
  assert.equal(
    await said('c.wasm', { 'c.wasm': Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0) }),
    'curfew: expected a core module, not a component\n  where:      c.wasm, at byte 4 (0x4)\n  what to do: Check that the file is complete and a core module (not a component or text).\n',
  )
  assert.match(await said('c.wasm', { 'c.wasm': Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 9, 0) }), /\n {2}where: {6}c\.wasm, at byte 9 \(0x9\)\n/)
})
