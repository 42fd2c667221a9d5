/** What is run raw and guarded: a module that a package ships, with its own glue and a fixed piece of work. */
import { createHash } from 'node:crypto'
import type { Feature } from './features.ts'

export interface RealSubject {
  readonly id: string
  /** The package, and what is done with it. */
  readonly label: string
  /** What the module was made with. */
  readonly toolchain: string
  /** What the engine must have. Where it does not, the subject is skipped. */
  readonly needs?: Feature
  /** Fresh glue and fresh instances each time. */
  load(): Promise<Workload>
}

export interface Workload {
  /** Does a fixed amount of work, 20 to 60 ms of it. Returns a digest of all its output, the same each time. */
  run(): string | Promise<string>
}

export function digest(...outputs: (string | NodeJS.TypedArray)[]): string {
  const hash = createHash('sha256')
  // The length too, so that parts cannot run into one another
  for (const output of outputs) hash.update(`${typeof output === 'string' ? output.length : output.byteLength} `).update(output)
  return hash.digest('hex').slice(0, 16)
}
