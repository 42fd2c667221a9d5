/** Writes what README.md and docs/errors.md say about errors anew from src/errors.ts: `node scripts/build-docs.ts`. */

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { withErrorSections, withErrorTable } from './error-docs.ts'

const ROOT = join(import.meta.dirname, '..')
for (const [name, made] of [
  ['README.md', withErrorTable],
  ['docs/errors.md', withErrorSections],
] as const) {
  const file = join(ROOT, name)
  const before = readFileSync(file, 'utf8')
  const after = made(before)
  if (after !== before) writeFileSync(file, after)
  console.log(`${name}: ${after === before ? 'nothing to do' : 'written'}`)
}
