import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fixtures, ROOT, WAT_FOLDERS } from '../scripts/fixtures.ts'

for (const { path, lacks, build } of fixtures()) {
  test(`${path} is what its source makes; if not, run \`npm run fixtures\``, { skip: lacks ?? false }, async () => {
    assert.ok(readFileSync(join(ROOT, path)).equals(await build()))
  })
}

test('every .wasm has a source, which says in its first line what it is for', () => {
  const made = new Set(fixtures().map((fixture) => fixture.path))
  for (const folder of WAT_FOLDERS) {
    for (const name of readdirSync(join(ROOT, folder))) {
      if (name.endsWith('.wasm')) assert.ok(made.has(`${folder}/${name}`), `${folder}/${name} has no .wat`)
      else if (name.endsWith('.wat')) assert.match(readFileSync(join(ROOT, folder, name), 'utf8'), /^;; \S/, name)
    }
  }
})

test('every fixture is a valid module', () => {
  for (const { path } of fixtures()) if (path.endsWith('.wasm')) assert.ok(WebAssembly.validate(readFileSync(join(ROOT, path))), path)
})
