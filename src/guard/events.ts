/** What a module's functions are read into: places where a check must or may stand, jumps, calls. One list for all functions, in order. */

/** What an event is. Numbers, because there is one for every few instructions. */
export const EVENT = {
  /** A function's entry. */
  entry: 0,
  loop: 1,
  /** Where a caught exception arrives: a check must be here. */
  handler: 2,
  /** A call. */
  call: 3,
  /** A jump arrives, or much straight-line code has gone by. */
  join: 4,
  /** Control goes to `target`, or to each frame of a br_table. */
  jump: 5,
  /** Control goes to `target` or on. */
  branch: 6,
  /** Control goes on, or to the else or end of `target`. */
  if: 7,
  /** The end of a loop. */
  loopEnd: 8,
  /** An operation in place of which a helper is called. */
  helper: 9,
  /** A tail call. */
  leave: 10,
  /** A NaN may have been computed, in a form as in `canonical.ts`. */
  computed: 11,
} as const

/** The target of an event that goes nowhere. */
export const NO_FRAME = -1
/** In place of a callee: an imported function. */
export const IMPORTED = -2

const HIGHEST = 65_535

/** The arrays are longer than `count`. */
export class Events {
  count = 0
  kinds: Uint8Array
  /** Offset in the module's bytes where something may be inserted: after the instruction, but for a `br` before it. */
  offsets: Int32Array
  /** How many bytes before that the instruction begins, of a call, a helper or a `br_if`. */
  lengths: Uint8Array
  /** What a check here subtracts, 0 where none stands; of a call, one after it. */
  charges: Int32Array
  /** Of calls that have a check before them, by event: what it subtracts. */
  readonly befores = new Map<number, number>()
  /** The work since the event before. */
  work: Int32Array
  /**
   * Where a jump goes, as a frame; of a br_table, -2 - the first of its `labels`. Of a call the callee: the index of its body, a
   * node for indirect calls (see `graph.ts`), or `IMPORTED`. Of a helper, its number; of what was computed, its form.
   */
  targets: Int32Array
  /** Height of the operand stack, up to 65,535. */
  heights: Uint16Array
  /** Frames that br_tables list, each list with its length before it. */
  labels = new Int32Array(256)
  labelCount = 0

  constructor(capacity: number) {
    this.kinds = new Uint8Array(capacity)
    this.offsets = new Int32Array(capacity)
    this.lengths = new Uint8Array(capacity)
    this.charges = new Int32Array(capacity)
    this.work = new Int32Array(capacity)
    this.targets = new Int32Array(capacity)
    this.heights = new Uint16Array(capacity)
  }

  add(kind: number, offset: number, length: number, target: number, work: number, height: number): void {
    const at = this.count++
    if (at === this.kinds.length) this.#grow()
    this.kinds[at] = kind
    this.offsets[at] = offset
    this.lengths[at] = length
    this.work[at] = work
    this.targets[at] = target
    this.heights[at] = height < HIGHEST ? height : HIGHEST
  }

  addLabel(frame: number): void {
    if (this.labelCount === this.labels.length) this.labels = grown(this.labels)
    this.labels[this.labelCount++] = frame
  }

  #grow(): void {
    this.kinds = grown(this.kinds)
    this.offsets = grown(this.offsets)
    this.lengths = grown(this.lengths)
    this.charges = grown(this.charges)
    this.work = grown(this.work)
    this.targets = grown(this.targets)
    this.heights = grown(this.heights)
  }
}

/** An array of twice the length with the same beginning. */
export function grown<T extends Uint8Array | Uint16Array | Int32Array | Float64Array>(array: T): T {
  const larger = new (array.constructor as new (length: number) => T)(2 * array.length)
  larger.set(array as never)
  return larger
}
