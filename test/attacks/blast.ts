/** Runs bombs and crowds in processes of their own. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Blast } from './bomb.ts'
import type { Crowd } from './crowd.ts'

/** @throws if the process was killed, aborted, or took too long */
async function run(program: string, argument: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [join(import.meta.dirname, program), argument], { timeout: 60_000 })
  return stdout
}

export async function blast(bomb: string): Promise<Blast> {
  return JSON.parse(await run('bomb.ts', bomb))
}

export async function crowd(size: number): Promise<Crowd> {
  return JSON.parse(await run('crowd.ts', String(size)))
}
