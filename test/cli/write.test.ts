import assert from 'node:assert/strict'
import { linkSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { devNull } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { main } from '../../src/cli/main.ts'
import { guard } from '../../src/guard/index.ts'
import { temporaryTree } from '../support/temporary-tree.ts'
import { fixture, run } from './run.ts'

const INPUT = fixture('add')
const ORIGINAL = readFileSync(INPUT)
const GUARDED = guard(ORIGINAL).bytes

/** Where it goes wrong. */
async function refused(output: string, input = INPUT): Promise<string> {
  const { code, out, err } = await run(['guard', input, '-o', output])
  assert.deepEqual([code, out], [2, ''])
  return err
}

const written = (path: string) => new Uint8Array(readFileSync(path))

test('a new file is written, and one that is there is replaced, with nothing left beside it', async (t) => {
  const root = temporaryTree(t, { old: 'what was there' })
  for (const name of ['new', 'old']) {
    assert.equal((await run(['guard', INPUT, '-o', join(root, name)])).code, 0)
    assert.deepEqual(written(join(root, name)), GUARDED)
  }
  assert.deepEqual(readdirSync(root).sort(), ['new', 'old'])
})

test('what cannot be written to says why', async (t) => {
  const root = temporaryTree(t, { file: '' })
  assert.equal(
    await refused(`${root}/no/out.wasm`),
    `curfew: there is no such folder to write the file to\n  where:      ${root}/no/out.wasm\n  what to do: Make the folder first, or check the path.\n`,
  )
  assert.match(await refused(`${root}/file/out.wasm`), /^curfew: there is no such folder to write the file to: a part of the path is not a directory\n/)
  mkdirSync(join(root, 'folder'))
  assert.equal(
    await refused(join(root, 'folder')),
    `curfew: the file to write is a directory\n  where:      ${root}/folder\n  what to do: Name a file in it.\n`,
  )
  assert.deepEqual([readdirSync(root).sort(), readdirSync(join(root, 'folder'))], [['file', 'folder'], []])
})

test('other errors of the file system are passed on', async () => {
  const said = async (error: Error) => {
    let err = ''
    const code = await main(['guard', INPUT, '-o', 'out.wasm'], {
      stdout: { write: () => assert.fail('nothing was written') },
      stderr: { write: (text) => (err += text) },
      writeFile: () => Promise.reject(error),
    })
    assert.equal(code, 2)
    return err
  }
  assert.match(
    await said(Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' })),
    /^curfew: there is no space left to write the file\n {2}where: {6}out\.wasm\n/,
  )
  assert.match(await said(new Error('the disk is on fire')), /^curfew: the file could not be written: the disk is on fire\n/)
})

test('the file that is read is not written to, by whatever path', async (t) => {
  const root = temporaryTree(t, {})
  const input = join(root, 'in.wasm')
  assert.equal((await run(['guard', INPUT, '-o', input])).code, 0)
  mkdirSync(join(root, 'folder'))
  const before = readFileSync(input)
  assert.match(
    await refused(`${root}/folder/../in.wasm`, input),
    /^curfew: the file to write is the one to read\n.*in\.wasm\n {2}what to do: Name another with -o/,
  )
  assert.deepEqual(readFileSync(input), before)
})

test('a link to the file that is read is not written to either; a link to another leads to that', { skip: process.platform === 'win32' }, async (t) => {
  const root = temporaryTree(t, { other: '' })
  linkSync(INPUT, join(root, 'in.wasm'))
  symlinkSync('in.wasm', join(root, 'link'))
  symlinkSync('other', join(root, 'elsewhere'))
  assert.match(await refused(join(root, 'link'), join(root, 'in.wasm')), /^curfew: the file to write is the one to read\n/)
  assert.equal((await run(['guard', join(root, 'in.wasm'), '-o', join(root, 'elsewhere')])).code, 0)
  assert.deepEqual(written(join(root, 'other')), GUARDED)
  // A second name of the same file keeps what it had: only this one is given another
  assert.equal((await run(['guard', INPUT, '-o', join(root, 'in.wasm')])).code, 0)
  assert.deepEqual(readFileSync(INPUT), ORIGINAL)
})

test('what is no file is written to as it is', { skip: process.platform === 'win32' }, async () => {
  assert.equal((await run(['guard', INPUT, '-o', devNull])).code, 0)
  assert.equal(readFileSync(devNull).length, 0)
})
