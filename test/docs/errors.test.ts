import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { UNWRITTEN, withErrorSections, withErrorTable } from '../../scripts/error-docs.ts'
import { headingsOf } from '../../scripts/markdown.ts'
import { EXIT, REASONS } from '../../src/errors.ts'

const read = (name: string): string => readFileSync(join(import.meta.dirname, '../..', name), 'utf8')
const README = read('README.md')
const PAGE = read('docs/errors.md')

test('README lists every error code with its meaning, as the table in src/errors.ts has them', () => {
  assert.equal(README, withErrorTable(README), 'run `node scripts/build-docs.ts`')
  for (const [code, { meaning }] of Object.entries(REASONS)) assert.ok(README.includes(`| [\`${code}\`](docs/errors.md#${code}) | ${meaning} |`), code)
})

test('docs/errors.md has one section a code, as the table in src/errors.ts has it', () => {
  assert.equal(PAGE, withErrorSections(PAGE), 'run `node scripts/build-docs.ts`')
  const anchors = headingsOf(PAGE).map(({ anchor }) => anchor)
  assert.deepEqual(anchors.slice(1), Object.keys(REASONS))
})

test('docs/errors.md says of every error when it happens', () => {
  assert.ok(!PAGE.includes(UNWRITTEN), 'write the paragraph that begins with "When"')
})

test('README and docs/errors.md list every exit code of the command', () => {
  for (const code of Object.values(EXIT)) {
    assert.match(README, new RegExp(`^Exit codes: .*\\b${code} `, 'm'))
    assert.match(PAGE.replaceAll('\n', ' '), new RegExp(`The exit code is that of .*\\b${code} `))
  }
})
