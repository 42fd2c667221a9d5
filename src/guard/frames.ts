/** The blocks of all functions, in the order they open. A function's first frame is the function itself. */
import { grown, NO_FRAME } from './events.ts'

/** What is known of a frame, as bits. */
export const IS = {
  loop: 1,
  /** Some jump goes to it. */
  target: 2,
  /** A jump goes to it that no check can be put before: of a br_table, of a reference instruction, of a handler. */
  tableTarget: 4,
  /** A try_table sends exceptions to its end. */
  caught: 8,
  /** A loop with another in it, or a try. */
  outer: 16,
  /** A loop with a call in it. */
  calls: 32,
  /** A loop with parameters. */
  takesValues: 64,
} as const

export class Frames {
  count = 0
  flags: Uint8Array
  /** Event at the end. */
  ends: Int32Array
  /** Of an if, the first event of its else, or `NO_FRAME`. Of a loop, its number among `Loops`. */
  others: Int32Array

  constructor(capacity: number) {
    this.flags = new Uint8Array(capacity)
    this.ends = new Int32Array(capacity)
    this.others = new Int32Array(capacity)
  }

  add(flags: number): number {
    const frame = this.count++
    if (frame === this.ends.length) {
      this.flags = grown(this.flags)
      this.ends = grown(this.ends)
      this.others = grown(this.others)
    }
    this.flags[frame] = flags
    this.others[frame] = NO_FRAME
    return frame
  }

  is(frame: number, bits: number): boolean {
    return ((this.flags[frame] as number) & bits) !== 0
  }

  set(frame: number, bits: number): void {
    this.flags[frame] = (this.flags[frame] as number) | bits
  }
}
