/** The blocks that are open where reading stands, innermost last. */
import { grown } from './events.ts'

/** What a block does with an exception: lets it pass, catches some, catches all. */
export const HANDLES = { none: 0, some: 1, all: 2 } as const

export class OpenBlocks {
  depth = 0
  frames = new Int32Array(64)
  /** Height of the operand stack below the block's own values. */
  bases = new Int32Array(64)
  results = new Int32Array(64)
  /** How many values a jump to it carries. */
  arities = new Int32Array(64)
  /** How it handles exceptions; how many handlers in a row an exception may pass inside; its own clauses. */
  handles = new Uint8Array(64)
  chains = new Int32Array(64)
  clauses = new Int32Array(64)

  push(frame: number, base: number, results: number, arity: number): void {
    const at = this.depth++
    if (at === this.frames.length) this.#grow()
    this.frames[at] = frame
    this.bases[at] = base
    this.results[at] = results
    this.arities[at] = arity
    this.handles[at] = this.chains[at] = this.clauses[at] = 0
  }

  #grow(): void {
    this.frames = grown(this.frames)
    this.bases = grown(this.bases)
    this.results = grown(this.results)
    this.arities = grown(this.arities)
    this.handles = grown(this.handles)
    this.chains = grown(this.chains)
    this.clauses = grown(this.clauses)
  }
}
