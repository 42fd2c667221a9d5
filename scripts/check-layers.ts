/** Part of `npm run lint`: does every import keep to the layers? Takes another root as its argument, for tests. */

import { join } from 'node:path'
import { checkLayers } from './layers.ts'

const violations = checkLayers(process.argv[2] ?? join(import.meta.dirname, '..'))
for (const { file, line, message } of violations) console.error(`${file}:${line}: ${message}`)
if (violations.length > 0) process.exitCode = 1
else console.log('Layers: every import keeps to the table.')
