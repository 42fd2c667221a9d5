/** The blocks of one function, in the order they open: where they end, and what they do with values and exceptions. */
import { grown, NO_FRAME } from './events.ts'

/** What a frame does with an exception: lets it pass, catches some, catches all. */
export const HANDLES = { none: 0, some: 1, all: 2 } as const

/** Reused from function to function. Frame 0 is the function itself. */
export class Frames {
  count = 0
  /** Event at the end, and the first of the else; `NO_FRAME` where there is none (yet). */
  ends = new Int32Array(64)
  elses = new Int32Array(64)
  isLoop = new Uint8Array(64)
  /** Does a try_table send exceptions to the frame's end? */
  isCaught = new Uint8Array(64)
  /** Height of the operand stack below the frame's own values. */
  bases = new Int32Array(64)
  results = new Int32Array(64)
  /** How many values a jump to the frame carries. */
  arities = new Int32Array(64)
  /** Of a frame that can catch: how, as `HANDLES`; how many handlers in a row an exception may pass inside; its own clauses. */
  handles = new Uint8Array(64)
  chains = new Int32Array(64)
  clauses = new Int32Array(64)

  clear(): void {
    this.count = 0
  }

  add(isLoop: boolean, base: number, params: number, results: number): number {
    const frame = this.count++
    if (frame === this.ends.length) this.#grow()
    this.ends[frame] = this.elses[frame] = NO_FRAME
    this.isLoop[frame] = isLoop ? 1 : 0
    this.isCaught[frame] = 0
    this.bases[frame] = base
    this.results[frame] = results
    this.arities[frame] = isLoop ? params : results
    this.handles[frame] = HANDLES.none
    this.chains[frame] = this.clauses[frame] = 0
    return frame
  }

  #grow(): void {
    this.ends = grown(this.ends)
    this.elses = grown(this.elses)
    this.isLoop = grown(this.isLoop)
    this.isCaught = grown(this.isCaught)
    this.bases = grown(this.bases)
    this.results = grown(this.results)
    this.arities = grown(this.arities)
    this.handles = grown(this.handles)
    this.chains = grown(this.chains)
    this.clauses = grown(this.clauses)
  }
}
