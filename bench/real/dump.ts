/** Writes the modules that the subjects instantiate, each once and as it is shipped: `node bench/real/dump.ts <folder> [ids...]`. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadThrough, raw, recording, type Seen } from './engine.ts'
import { has } from './features.ts'
import { chosen } from './index.ts'
import { HOW_TO_INSTALL, installed } from './packages.ts'
import type { RealSubject } from './subject.ts'

const [folder, ...ids] = process.argv.slice(2)
if (folder === undefined) throw new Error('usage: node bench/real/dump.ts <folder> [ids...]')
if (!installed) throw new Error(`the packages are not installed: ${HOW_TO_INSTALL}`)

const subjects = chosen(ids)
if (subjects.length === 1) await dump(subjects[0] as RealSubject, folder)
else for (const { id } of subjects) execFileSync(process.execPath, ['--no-warnings', import.meta.filename, folder, id], { stdio: 'inherit' })
// Workers and timers of some glue would keep the process alive
process.exit()

async function dump({ id, needs, ...subject }: RealSubject, folder: string): Promise<void> {
  if (needs !== undefined && !has(needs)) return console.log(`${id}: this engine has no ${needs}`)
  mkdirSync(folder, { recursive: true })
  const seen: Seen[] = []
  const { run } = await loadThrough(recording(raw, seen), { id, ...subject })
  // Some are instantiated when they are needed
  await run()
  let count = 0
  for (const { original } of seen) if (!holds(folder, original)) writeFileSync(join(folder, `${id}-${++count}.wasm`), original)
  console.log(`${id}: ${count}`)
}

function holds(folder: string, bytes: Uint8Array): boolean {
  const paths = readdirSync(folder).map((name) => join(folder, name))
  return paths.some((path) => statSync(path).size === bytes.length && readFileSync(path).equals(bytes))
}
