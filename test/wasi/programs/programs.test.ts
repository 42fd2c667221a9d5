/**
 * Small programs in several languages, under Curfew in folders of both kinds and under `node:wasi`: each must do what `expected/` says.
 * `BLESS=1 node --test test/wasi/programs/programs.test.ts` writes that anew, by what they do under Curfew in folders of the host; review the difference.
 */

import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { CASES, type Case } from './cases.ts'
import { transcript } from './transcript.ts'
import { underCurfewInMemory, underCurfewOnHost } from './under-curfew.ts'
import { underNode } from './under-node.ts'

const FOLDER = import.meta.dirname

for (const given of CASES) {
  const program = join(FOLDER, `${given.program}.wasm`)
  const expected = join(FOLDER, 'expected', `${given.name}.txt`)
  const inFolders = given.folders !== undefined

  test(`${given.name} does what it should${inFolders ? ', in folders of the host' : ''}`, async () => {
    const done = transcript(await underCurfewOnHost(program, given))
    if (process.env.BLESS !== undefined) writeFileSync(expected, done)
    assert.equal(done, readFileSync(expected, 'utf8'))
  })

  test(`${given.name} does the same in folders in memory`, { skip: !inFolders || given.onHostOnly === true }, async () => {
    assert.equal(transcript(await underCurfewInMemory(program, given)), inMemory(readFileSync(expected, 'utf8')))
  })

  const { nodeDiffers } = given
  test(`${given.name} does the same under node:wasi`, { skip: typeof nodeDiffers === 'string' && nodeDiffers }, () => {
    assert.equal(transcript(underNode(program, given)), asNodeHasIt(readFileSync(expected, 'utf8'), nodeDiffers as Exclude<Case['nodeDiffers'], string>))
  })
}

test('what is expected is expected of some program', () => {
  assert.deepEqual(readdirSync(join(FOLDER, 'expected')).sort(), CASES.map(({ name }) => `${name}.txt`).sort())
})

/** Links are not listed there, and nothing is around them. */
function inMemory(expected: string): string {
  const [outputs = '', files = ''] = expected.split('--- files\n')
  const listed = files.split('\n').filter((line) => !line.includes(' -> ') && !line.startsWith('/../'))
  return `${outputs}--- files\n${listed.join('\n')}`
}

function asNodeHasIt(expected: string, differing: Readonly<Record<string, string>> = {}): string {
  return Object.entries(differing).reduce((text, [right, theirs]) => {
    assert.ok(text.includes(right), right)
    return text.replace(right, theirs)
  }, expected)
}
