/**
 * Compiles `src/` into `dist/`, which whatever runs from there meanwhile, a benchmark say, does not notice until it is done.
 *
 *   node scripts/build.ts [--if-older]
 *
 * With `--if-older` nothing is done if `dist/` is newer than all that it is made of.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { isOlder, replace } from './output.ts'

const ROOT = join(import.meta.dirname, '..')
const DIST = join(ROOT, 'dist')
const SOURCES = ['src', 'package.json', 'tsconfig.json', 'tsconfig.build.json'].map((name) => join(ROOT, name))

if (!process.argv.includes('--if-older') || isOlder(join(DIST, 'index.js'), SOURCES)) build()

function build(): void {
  const made = mkdtempSync(join(ROOT, 'dist-'))
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc')
  const { status } = spawnSync(process.execPath, [compiler, '-p', join(ROOT, 'tsconfig.build.json'), '--outDir', made], { stdio: 'inherit' })
  if (status === 0) {
    replace(DIST, made)
  } else {
    rmSync(made, { recursive: true })
    process.exitCode = 1
  }
}
