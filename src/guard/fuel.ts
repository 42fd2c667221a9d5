/**
 * Where a function's fuel is subtracted, exactly as much as what runs costs. Backwards: what all ways on from a place cost at least is
 * paid for in advance, at the entry or loop header before it, and a way that costs more pays the rest where it parts from the others. So
 * most blocks pay nothing themselves. What is paid in advance is never more than the rest of the function costs, unless a trap or an
 * exception cuts it short.
 */
import { EVENT, type Events, IMPORTED, NO_FRAME } from './events.ts'
import { IS } from './frames.ts'
import type { Outline } from './outline.ts'

/** So often it is reconsidered which block ends pay for what follows; after that, all do. */
const ROUNDS = 4

/** By event: what is subtracted there. */
export function planFuel(outline: Outline): Float64Array {
  return new FuelPlan(outline).plan()
}

class FuelPlan {
  readonly #outline: Outline
  readonly #events: Events
  readonly #fuel: Float64Array
  readonly #charges: Float64Array
  /** By frame: does what follows its end pay for itself? */
  readonly #isApart: Uint8Array
  #costs = new Float64Array(256)
  #cost = 0
  #conflicts = 0
  #first = 0
  #frame = 0

  constructor(outline: Outline) {
    const { frames } = outline
    this.#outline = outline
    this.#events = outline.events
    this.#fuel = outline.fuel as Float64Array
    this.#charges = new Float64Array(outline.events.count)
    this.#isApart = Uint8Array.from({ length: frames.count }, (_, frame) => (frames.is(frame, IS.tableTarget) ? 1 : 0))
  }

  plan(): Float64Array {
    for (let at = 0; at < this.#outline.count; at++) this.#function(at)
    return this.#charges
  }

  #function(at: number): void {
    const { firstEvent, firstFrame } = this.#outline
    const end = firstEvent[at + 1] as number
    this.#first = firstEvent[at] as number
    this.#frame = firstFrame[at] as number
    if (this.#costs.length < end - this.#first) this.#costs = new Float64Array(2 * (end - this.#first))
    for (let round = 1; ; round++) {
      this.#conflicts = 0
      this.#backwards(end)
      if (this.#conflicts === 0) return
      if (round === ROUNDS) this.#isApart.fill(1, this.#frame, firstFrame[at + 1])
    }
  }

  #backwards(end: number): void {
    this.#cost = 0
    for (let at = end - 1; at >= this.#first; at--) {
      this.#charges[at] = 0
      this.#step(at)
      this.#costs[at - this.#first] = this.#cost
      this.#cost += this.#fuel[at] as number
    }
  }

  #step(at: number): void {
    const { kinds, targets } = this.#events
    const target = targets[at] as number
    switch (kinds[at]) {
      case EVENT.entry:
      case EVENT.loop:
      case EVENT.handler:
        return this.#pay(at)
      case EVENT.call:
        // A host function is told what has been used, no more
        if (target === IMPORTED) this.#pay(at)
        return
      case EVENT.join:
        if (target !== NO_FRAME && this.#isApart[target]) this.#pay(at)
        return
      case EVENT.leave:
        this.#cost = 0
        return
      case EVENT.jump:
        // Where a br_table goes, everyone pays for himself
        this.#cost = target < NO_FRAME ? 0 : this.#costOf(target)
        return
      case EVENT.branch:
        return this.#branch(at, target)
      case EVENT.if:
        return this.#if(at, target)
    }
  }

  #pay(at: number): void {
    this.#charges[at] = this.#cost
    this.#cost = 0
  }

  /** What a jump to a frame will cost at least; a loop pays for itself. */
  #costOf(frame: number): number {
    const { frames } = this.#outline
    if (frame === NO_FRAME || frame === this.#frame || frames.is(frame, IS.loop)) return 0
    return this.#costs[(frames.ends[frame] as number) - this.#first] as number
  }

  /** Only who does not jump can be made to pay more. */
  #branch(at: number, frame: number): void {
    const jump = this.#costOf(frame)
    if (jump > this.#cost) return this.#setApart(frame)
    this.#charges[at] = this.#cost - jump
    this.#cost = jump
  }

  #if(at: number, frame: number): void {
    const otherwise = this.#outline.frames.others[frame] as number
    const other = otherwise === NO_FRAME ? this.#costOf(frame) : (this.#costs[otherwise - this.#first] as number)
    const least = Math.min(this.#cost, other)
    if (otherwise !== NO_FRAME) this.#charges[otherwise] = other - least
    else if (other > least) return this.#setApart(frame)
    this.#charges[at] = this.#cost - least
    this.#cost = least
  }

  /** To be gone through once more. */
  #setApart(frame: number): void {
    this.#isApart[frame] = 1
    this.#conflicts++
    this.#cost = 0
  }
}
