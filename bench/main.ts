/** `npm run bench`: looks at the arguments, builds and installs what is not there, then measures. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { readArguments } from './arguments.ts'

if (readArguments(process.argv.slice(2)) !== undefined) {
  if (runs('../scripts/build.ts', '--if-older') && runs('peers/install.ts')) await import('./run.ts')
  else process.exitCode = 1
}

function runs(script: string, ...args: string[]): boolean {
  return spawnSync(process.execPath, [...process.execArgv, join(import.meta.dirname, script), ...args], { stdio: 'inherit' }).status === 0
}
