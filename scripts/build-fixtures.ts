/** `npm run fixtures`: makes every committed file that a script makes. With `--check`: only says which ones differ. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fixtures, ROOT } from './fixtures.ts'

const check = process.argv.includes('--check')
let differing = 0

for (const { path, lacks, build } of fixtures()) {
  if (lacks !== undefined) {
    console.log(`left as it is: ${path} (${lacks})`)
    continue
  }
  const file = join(ROOT, path)
  const built = await build()
  if (existsSync(file) && Buffer.compare(readFileSync(file), built) === 0) continue
  differing += 1
  if (!check) writeFileSync(file, built)
  console.log(`${check ? 'differs' : 'wrote'}: ${path} (${built.length} bytes)`)
}

if (differing === 0) console.log('All fixtures match their sources.')
else if (check) {
  console.error('Run `npm run fixtures` and commit the result.')
  process.exitCode = 1
}
