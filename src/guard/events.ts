/** What a function is read into: places where a check must or may stand, and jumps. */

/** What an event is. Numbers, because there is one for every few instructions. */
export const EVENT = {
  /** A check must be here: the function's entry. */
  entry: 0,
  loop: 1,
  /** Where a caught exception arrives. */
  handler: 2,
  /** A check may be here: after a call. */
  afterCall: 3,
  /** A check may be here: a jump arrives, or much straight-line code has gone by. */
  join: 4,
  /** Control goes to `frame`, or to each frame of a br_table. */
  jump: 5,
  /** Control goes to `frame` or on. */
  branch: 6,
  /** Control goes on, or to the else or end of `frame`. */
  if: 7,
  /** The length of a bulk operation is on top of the stack; it is kept in a local. */
  beforeBulk: 8,
  /** The bulk operation is paid for. */
  afterBulk: 9,
  /** A memory or table may have grown: poll. */
  afterGrow: 10,
} as const

/** How the length of a bulk operation is charged: its type, and bytes or elements. */
export const BULK = { bytes32: 0, bytes64: 1, elements32: 2, elements64: 3 } as const

/** The frame of an event that goes nowhere. */
export const NO_FRAME = -1

/** The events of one function, in order; reused for the next. The arrays are longer than `count`. */
export class Events {
  count = 0
  kinds = new Uint8Array(256)
  /** Offset in the module's bytes where something may be inserted. */
  offsets = new Int32Array(256)
  /** What a check here subtracts; 0 where none stands. A bulk event has one of `BULK`; a br_table the number of its targets. */
  charges = new Int32Array(256)
  /** The work since the event before. */
  work = new Int32Array(256)
  /** Where a jump goes; of a br_table, -2 - the first of its `targets`. */
  frames = new Int32Array(256)
  /** Height of the operand stack. */
  heights = new Int32Array(256)
  /** Frames that br_tables list. */
  readonly targets: number[] = []

  clear(): void {
    this.count = 0
    this.targets.length = 0
  }

  add(kind: number, offset: number, frame: number, work: number, height: number): void {
    const at = this.count++
    if (at === this.kinds.length) this.#grow()
    this.kinds[at] = kind
    this.offsets[at] = offset
    this.charges[at] = 0
    this.work[at] = work
    this.frames[at] = frame
    this.heights[at] = height
  }

  #grow(): void {
    this.kinds = grown(this.kinds)
    this.offsets = grown(this.offsets)
    this.charges = grown(this.charges)
    this.work = grown(this.work)
    this.frames = grown(this.frames)
    this.heights = grown(this.heights)
  }
}

/** An array of twice the length with the same beginning. */
export function grown<T extends Uint8Array | Int32Array>(array: T): T {
  const larger = new (array.constructor as new (length: number) => T)(2 * array.length)
  larger.set(array)
  return larger
}
