import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkDocs } from '../../scripts/docs.ts'
import { codeBlocksOf, headingsOf } from '../../scripts/markdown.ts'
import { temporaryTree } from '../support/temporary-tree.ts'

const ROOT = join(import.meta.dirname, '../..')
const PACKAGE = JSON.stringify({ scripts: { build: 'x', test: 'x', start: 'x' } })

function problems(t: { after(fn: () => void): void }, files: Record<string, string>): string[] {
  return checkDocs(temporaryTree(t, { 'package.json': PACKAGE, ...files })).map(({ file, line, message }) => `${file}:${line} ${message}`)
}

test('the docs of the repository refer to things that exist', () => {
  assert.deepEqual(checkDocs(ROOT), [])
})

test('docs whose references are right pass', (t) => {
  const files = {
    'README.md': [
      '# Curfew',
      '[how](docs/a.md) [part](docs/a.md#what--why-deadlines-c) [here](#curfew) [site](https://example.com/x#y) ![p](docs/p.png "t")',
      '`[not](a-link.md)` `npm run build`, npm start, npm test, `npm cit`, npm run <script> `src/<name>.ts` `a.ts` `src/a.ts` `.d.ts`',
      '```sh',
      '[not](a-link.md) either',
      '# not a heading',
      '```',
      '[ref]: docs/a.md',
    ].join('\n'),
    'docs/a.md':
      '# A\n## What & why: *deadlines* ([c](../README.md))?\n## Twice\n## Twice\n[second](#twice-1) [up](../README.md) [folder](decisions/)\n<a id="own"></a>\n[own](#own)',
    'docs/p.png': '',
    'docs/decisions/decision-log.md': '# Decisions\n## D035: Why does `call` take a timeout?\n## Why not threads?',
    'src/a.ts': '// see decision: Why not threads?\n/** see decision: D035 */\n/** See docs/a.md#twice and CONTRIBUTING. */\nconst a = "docs/gone.md"',
    'node_modules/x/README.md': '[gone](gone.md)',
  }
  assert.deepEqual(problems(t, files), [])
})

const CASES: [what: string, files: Record<string, string>, problem: RegExp][] = [
  ['a link to a file that is not there', { 'docs/a.md': '# A\n\n[x](gone.md)' }, /^docs\/a\.md:3 link to gone\.md: no such file$/],
  ['a link to a heading that is not there', { 'a.md': '# A\n[x](#b)' }, /^a\.md:2 link to #b: no such heading$/],
  ['a link to a heading of another file', { 'a.md': '[x](b.md#c)', 'b.md': '# B' }, /no such heading/],
  ['a heading inside a code block is none', { 'a.md': '[x](#b)\n```\n# B\n```' }, /no such heading/],
  ['a link out of the repository', { 'a.md': '[x](../../b.md)' }, /outside of the repository/],
  ['the definition of a reference link', { 'a.md': 'x\n\n[b]: gone.md' }, /^a\.md:3 /],
  ['an npm script that is not there', { 'a.md': 'x\n```sh\nnpm run bild\n```' }, /^a\.md:3 npm run bild: no such script$/],
  ['a short form whose script is not there', { 'a.md': '`npm cit`', 'package.json': '{}' }, /npm cit: no script "test"/],
  ['a source file that is not there', { 'a.md': 'x\n`b.ts`, `a.ts`', 'src/a.ts': '' }, /^a\.md:2 b\.ts: no such file$/],
  ['a source file that is elsewhere', { 'a.md': '`lib/a.ts`', 'src/a.ts': '' }, /^a\.md:1 lib\/a\.ts: no such file$/],
  ['a decision that is not there', { 'src/a.ts': 'x\n// see decision: Why not?' }, /^src\/a\.ts:2 see decision: Why not\?: no such heading/],
  ['a decision number that is not there', { 'src/a.ts': '// see decision: D036', 'docs/decisions/decision-log.md': '## D035: x' }, /no such heading/],
  ['a cited page that is not there', { 'scripts/a.ts': '/** docs/gone.md explains. */' }, /^scripts\/a\.ts:1 docs\/gone\.md: no such file/],
  ['a cited heading that is not there', { 'src/a.ts': ' * see docs/a.md#gone', 'docs/a.md': '# A' }, /docs\/a\.md#gone: no such heading/],
]

for (const [what, files, problem] of CASES) {
  test(`finds ${what}`, (t) => {
    const found = problems(t, files)
    assert.equal(found.length, 1, found.join('\n'))
    assert.match(found[0] as string, problem)
  })
}

test('the command prints file and line, and fails', (t) => {
  const run = (folder: string) => spawnSync(process.execPath, [join(ROOT, 'scripts/check-docs.ts'), folder], { encoding: 'utf8' })
  const bad = run(temporaryTree(t, { 'README.md': '[x](gone.md)' }))
  assert.equal(bad.status, 1)
  assert.match(bad.stderr, /^README\.md:1: link to gone\.md/m)
  assert.equal(run(temporaryTree(t, { 'README.md': '# x' })).status, 0)
})

test('anchors are made as code hosts make them', () => {
  const anchors = headingsOf('# `call(name, args)` & co.\n## Größe_1 – why?\n## Größe_1 – why?').map((heading) => heading.anchor)
  assert.deepEqual(anchors, ['callname-args--co', 'größe_1--why', 'größe_1--why-1'])
})

test('finds code blocks with their language', () => {
  assert.deepEqual(codeBlocksOf('a\n```ts\nconst a = 1\n```\n```\nb\n```\n'), [
    { language: 'ts', code: 'const a = 1\n', line: 2 },
    { language: '', code: 'b\n', line: 5 },
  ])
})
