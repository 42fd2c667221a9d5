/** What worker processes say. */
import type { FuzzCase } from '../cases.ts'
import type { Failure } from '../oracles/failure.ts'
import type { Tally } from './tally.ts'

/** A case that failed. */
export interface Found {
  readonly case: FuzzCase
  /** How the module was made. */
  readonly note: string
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly failures: readonly Failure[]
}

export type FromWorker =
  | { readonly kind: 'found'; readonly found: Found }
  /** Of the cases since the last one. `next` is the number of the first that is not in it. */
  | { readonly kind: 'tally'; readonly tally: Tally; readonly next: number }
