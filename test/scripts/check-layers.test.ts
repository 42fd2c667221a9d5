import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { importsOf } from '../../scripts/imports.ts'
import { checkLayers } from '../../scripts/layers.ts'
import { temporaryTree } from '../support/temporary-tree.ts'

const ROOT = join(import.meta.dirname, '../..')

/** Violations of a tree as `file:line message`. */
function violations(t: { after(fn: () => void): void }, files: Record<string, string>): string[] {
  return checkLayers(temporaryTree(t, files)).map(({ file, line, message }) => `${file}:${line} ${message}`)
}

test('the repository keeps to its layers', () => {
  assert.deepEqual(checkLayers(ROOT), [])
})

test('a tree that keeps to them passes', (t) => {
  const files = {
    'src/errors.ts': "import { CAPS } from './limits.ts'\nexport const E = CAPS",
    'src/limits.ts': 'export const CAPS = 1',
    'src/wasm/reader.ts': "import { E } from '../errors.ts'\nimport { W } from './writer.ts'",
    'src/wasm/writer.ts': '',
    'src/abi.ts': '',
    'src/guard/guard.ts': "import { A } from '../abi.ts'\nimport { R } from '../wasm/reader.ts'",
    'src/host/host.ts': "import { G } from '../guard/guard.ts'",
    'src/host/inner/deep.ts': "import { H } from '../host.ts'",
    'src/guests/caller.ts': '',
    'src/index.ts':
      "export { E } from './errors.ts'\nexport { type Caller, C } from './guests/caller.ts'\nexport { Host, type HostOptions as Options } from './host/host.ts'",
    'src/wasi/pool.ts': "import { Worker } from 'node:worker_threads'\nimport { type Caller, C } from '../guests/caller.ts'\nimport { E } from '../errors.ts'",
    'src/cli/main.ts':
      "import { Command } from 'commander'\nimport { Host } from '../index.ts'\nimport { R } from '../wasm/reader.ts'\nimport { P } from '../wasi/pool.ts'",
    'examples/job/main.ts': "import { Host } from 'curfew'\nimport { a } from './a.ts'",
    'examples/job/assembly/index.ts': "import { a } from '../../../src/host/host.ts'",
    'test/any.test.ts': "import { E } from '../src/index.ts'",
  }
  assert.deepEqual(violations(t, files), [])
})

const CASES: [rule: string, files: Record<string, string>, violation: RegExp][] = [
  ['no import upwards', { 'src/wasm/a.ts': "// one\nimport { G } from '../guard/guard.ts'" }, /^src\/wasm\/a\.ts:2 .*row 2, which is above its own row 1/],
  ['no import upwards, of a type', { 'src/errors.ts': "import type { G } from './wasm/a.ts'" }, /row 1, which is above its own row 0/],
  ['no import upwards, by a re-export', { 'src/wasm/a.ts': "export {\n  a,\n  b,\n} from '../host/host.ts'" }, /^src\/wasm\/a\.ts:1 .*row 6/],
  ['no import upwards, as an expression', { 'src/wasm/a.ts': "const a = 1\nconst b = await import('../host/host.ts')" }, /^src\/wasm\/a\.ts:2 .*row 6/],
  ['no import upwards, as a type expression', { 'src/wasm/a.ts': "type A = import('../host/host.ts').Host" }, /row 6/],
  ['no import upwards, for its effects', { 'src/wasm/a.ts': "import '../host/host.ts'" }, /row 6/],
  ['siblings: guard and runtime', { 'src/guard/a.ts': "import { a } from '../runtime/a.ts'" }, /its sibling in row 2/],
  ['siblings: wasm and abi', { 'src/abi.ts': "import { a } from './wasm/a.ts'" }, /its sibling in row 1/],
  ['siblings: threads and wasi', { 'src/threads/a.ts': "import { a } from '../wasi/a.ts'" }, /its sibling in row 5/],
  ['siblings in row 0', { 'src/node.ts': "import { a } from './errors.ts'" }, /its sibling in row 0/],
  ['Node only in the upper rows', { 'src/host/a.ts': "import { readFile } from 'node:fs/promises'" }, /'node:fs\/promises', but only wasi\/ and cli\//],
  ['packages only in the upper rows', { 'src/guard/a.ts': "import { Command } from 'commander'" }, /'commander', but only wasi\/ and cli\//],
  ['wasi uses no file that has nothing public', { 'src/wasi/a.ts': "import { a } from '../runtime/a.ts'" }, /public API alone/],
  ['wasi uses no file that is not public', { 'src/wasi/a.ts': "import { a } from '../guests/a.ts'" }, /imports a of .*public API alone/],
  [
    'wasi uses no name that is not public',
    { 'src/index.ts': "export { a } from './guests/a.ts'", 'src/wasi/a.ts': "import { a, b as a2, type c } from '../guests/a.ts'" },
    /imports b, c of/,
  ],
  ['wasi does not use the barrel', { 'src/wasi/a.ts': "import { Host } from '../index.ts'" }, /imports the barrel/],
  ['nor does any row below the command', { 'src/host/a.ts': "import { Host } from '../index.ts'" }, /imports the barrel/],
  [
    'the barrel exports what users hold and row 0 only',
    { 'src/index.ts': "export { a } from './guard/a.ts'" },
    /the barrel exports host\/, wasi\/, conventions\/, guests\/ and row 0 only/,
  ],
  ['src imports nothing outside of itself', { 'src/cli/a.ts': "import { wat } from '../../test/support/wat.ts'" }, /outside of src/],
  ['src does not import its own package', { 'src/cli/a.ts': "import { Host } from 'curfew'" }, /this package/],
  ['every file is in the table', { 'src/helpers/a.ts': '' }, /^src\/helpers\/a\.ts:1 is in no layer/],
  ['every imported file is in the table', { 'src/host/a.ts': "import { a } from '../helpers/a.ts'" }, /in no layer/],
  ['an import can be read', { 'src/host/a.ts': 'const a = await import(name)' }, /only shows when it runs/],
  [
    'examples import the package',
    { 'examples/job/main.ts': "import { Host } from '../../src/index.ts'" },
    /^examples\/job\/main\.ts:1 .*examples import 'curfew'/,
  ],
]

for (const [rule, files, violation] of CASES) {
  test(rule, (t) => {
    const found = violations(t, files)
    assert.equal(found.length, 1, found.join('\n'))
    assert.match(found[0] as string, violation)
  })
}

test('the command prints file and line, and fails', (t) => {
  const root = temporaryTree(t, { 'src/wasm/a.ts': "import { H } from '../host/host.ts'" })
  const run = (folder: string) => spawnSync(process.execPath, [join(ROOT, 'scripts/check-layers.ts'), folder], { encoding: 'utf8' })
  const bad = run(root)
  assert.equal(bad.status, 1)
  assert.match(bad.stderr, /^src\/wasm\/a\.ts:1: imports/m)
  assert.equal(run(temporaryTree(t, { 'src/wasm/a.ts': '' })).status, 0)
})

test('comments and other strings are no imports', () => {
  const source = "/*\nimport { a } from './a.ts'\n*/\n// import('./b.ts')\nconst d = \"from './d.ts'\"\nconst e = 'http://x' // from './e.ts'\n"
  assert.deepEqual(
    importsOf(source).map((found) => found.specifier),
    [],
  )
})

test('reads every form of import', () => {
  const source = [
    "import a, { b as c, type D } from './1.ts'",
    "import type E from './2.ts'",
    "import * as f from './3.ts'",
    "export * from './4.ts'",
    "export type { G, H as I } from './5.ts'",
    "import { type } from './6.ts'",
    'import {\n  j,\n  k,\n} from "./7.ts"',
    "import './8.ts'",
    "const globs = ['src/*.ts', 'a/**']",
    "await import('./9.ts')",
  ]
  assert.deepEqual(
    importsOf(source.join('\n')).map(({ specifier, names }) => [specifier, ...names]),
    [
      ['./1.ts', 'default', 'b', 'D'],
      ['./2.ts', 'default'],
      ['./3.ts', '*'],
      ['./4.ts', '*'],
      ['./5.ts', 'G', 'H'],
      ['./6.ts', 'type'],
      ['./7.ts', 'j', 'k'],
      ['./8.ts'],
      ['./9.ts', '*'],
    ],
  )
})
