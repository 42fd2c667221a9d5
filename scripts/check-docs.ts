/** Part of `npm run lint`: do the docs, and the comments that cite them, refer to things that exist? Takes another root as its argument, for tests. */

import { join } from 'node:path'
import { checkDocs } from './docs.ts'

const problems = checkDocs(process.argv[2] ?? join(import.meta.dirname, '..'))
for (const { file, line, message } of problems) console.error(`${file}:${line}: ${message}`)
if (problems.length > 0) process.exitCode = 1
else console.log('Docs: every link, script, named file and cited heading exists.')
