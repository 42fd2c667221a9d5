import type { Done } from './program.ts'

/** A program that is ready, raw or under Curfew. */
export interface Loaded {
  /** Once, in an instance of its own. */
  run(): Promise<Done>
  close(): Promise<void>
}
