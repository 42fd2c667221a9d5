/** Runs a script of this folder in a process of its own, for what only a fresh process can tell. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** It is ended then, whatever it does, ms: thousands of plugins take a minute. */
const LONGEST = 300_000

/** @returns what the script printed, as JSON @throws Error if it fails, or is not done in time */
export async function inChild<T>(script: string, ...args: (string | number)[]): Promise<T> {
  const path = fileURLToPath(new URL(`children/${script}`, import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [path, ...args.map(String)], { timeout: LONGEST, killSignal: 'SIGKILL' })
  return JSON.parse(stdout) as T
}
