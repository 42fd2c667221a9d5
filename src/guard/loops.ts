/** What is known of loops beside what is known of all frames. */
import { grown, NO_FRAME } from './events.ts'

/** How a loop is checked: not at all, at its header, before each jump back, or after copies of its body. */
export const FORM = { none: 0, header: 1, back: 2, copies: 3 } as const

export class Loops {
  count = 0
  /** Where the instruction begins. */
  starts = new Int32Array(64)
  /** How it is checked, how often its body is written, and the work that may follow a jump back before a check. */
  forms = new Uint8Array(64)
  copies = new Uint8Array(64)
  backWeights = new Int32Array(64)
  /** The last of the jumps back to it, as an event. */
  backs = new Int32Array(64)
  /** What V8's baseline compiler takes for what is in it. */
  complexities = new Float64Array(64)
  /** Calls that are in it, and those of them that are indirect. */
  calls = new Int32Array(64)
  indirectCalls = new Int32Array(64)

  add(start: number): number {
    const loop = this.count++
    if (loop === this.starts.length) this.#grow()
    this.starts[loop] = start
    this.backs[loop] = NO_FRAME
    return loop
  }

  #grow(): void {
    this.starts = grown(this.starts)
    this.forms = grown(this.forms)
    this.copies = grown(this.copies)
    this.backWeights = grown(this.backWeights)
    this.backs = grown(this.backs)
    this.complexities = grown(this.complexities)
    this.calls = grown(this.calls)
    this.indirectCalls = grown(this.indirectCalls)
  }
}
