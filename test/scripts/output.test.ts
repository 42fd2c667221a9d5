import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { isOlder, replace } from '../../scripts/output.ts'

/** @param files contents by path */
function folder(files: Readonly<Record<string, string>>): string {
  const path = mkdtempSync(join(tmpdir(), 'curfew-output-'))
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true })
    writeFileSync(join(path, name), content)
  }
  return path
}

test('what is made takes the place of what was, file by file; what is not made any more goes', () => {
  const old = folder({ 'index.js': 'old', 'gone.js': 'old', 'a/gone/deep.js': 'old', 'a/stays.js': 'old' })
  const made = folder({ 'index.js': 'new', 'a/stays.js': 'new', 'b/comes.js': 'new' })
  replace(old, made)
  const files = readdirSync(old, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.js'))
  assert.deepEqual(files.toSorted(), [join('a', 'stays.js'), join('b', 'comes.js'), 'index.js'])
  for (const file of files) assert.equal(readFileSync(join(old, file), 'utf8'), 'new')
  assert.equal(existsSync(made), false)
})

test('what was not there at all is there then', () => {
  const path = join(folder({}), 'dist')
  replace(path, folder({ 'index.js': 'new' }))
  assert.deepEqual(readdirSync(path), ['index.js'])
})

test('whoever is older than any source, in whatever folder, or than a deletion among them, or not there, is made again', () => {
  const path = folder({ 'dist.js': '', 'manifest.json': '', 'src/a.ts': '', 'src/deep/b.ts': '' })
  const at = (name: string) => join(path, name)
  const sources = [at('src'), at('manifest.json')]
  const set = (seconds: number, ...names: string[]) => {
    for (const name of names) utimesSync(at(name), seconds, seconds)
  }
  const all = ['manifest.json', 'src/a.ts', 'src/deep/b.ts', 'src/deep', 'src']
  for (const changed of all) {
    set(1_000, ...all)
    set(2_000, 'dist.js')
    assert.equal(isOlder(at('dist.js'), sources), false)
    set(3_000, changed)
    assert.equal(isOlder(at('dist.js'), sources), true, changed)
  }
  set(1_000, ...all)
  rmSync(at('src/deep/b.ts'))
  assert.equal(isOlder(at('dist.js'), sources), true, 'a deletion')
  assert.equal(isOlder(at('missing.js'), sources), true)
})
