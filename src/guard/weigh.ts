/** Going through a function's events backwards: the heaviest path from each to the next check, and so what each check subtracts. */
import { CATCH_WEIGHT, ENTRY_WEIGHT, LIGHT, PER_LOCAL, SEGMENT } from './costs.ts'
import { EVENT, type Events, NO_FRAME } from './events.ts'
import type { Frames } from './frames.ts'

const MAX_CHARGE = 1 << 30

export class Weigher {
  readonly #events: Events
  readonly #frames: Frames
  #locals = 0
  /** By event: the weight of the heaviest path from where a jump to it arrives. */
  #arrivals = new Float64Array(256)

  constructor(events: Events, frames: Frames) {
    this.#events = events
    this.#frames = frames
  }

  /** Sets the charges. Returns what the checks add to the work of V8's baseline compiler. */
  weigh(locals: number): number {
    const { count, kinds, charges, heights, work } = this.#events
    if (this.#arrivals.length < count) this.#arrivals = new Float64Array(kinds.length)
    const arrivals = this.#arrivals
    this.#locals = locals
    let complexity = 0
    let next = 0
    for (let at = count - 1; at >= 0; at--) {
      arrivals[at] = this.#arrival(at, kinds[at] as number, next)
      if (kinds[at] !== EVENT.jump && (charges[at] as number) > 0) complexity += 2 * (locals + (heights[at] as number))
      next = (arrivals[at] as number) + (work[at] as number)
    }
    return complexity
  }

  /** Weight of the heaviest path from an event on, where `next` is that of going straight on. */
  #arrival(at: number, kind: number, next: number): number {
    const frame = this.#events.frames[at] as number
    switch (kind) {
      case EVENT.entry:
        return this.#check(at, next + ENTRY_WEIGHT + this.#locals * PER_LOCAL)
      case EVENT.loop:
        return this.#check(at, next + 1)
      case EVENT.handler:
        return this.#check(at, next + CATCH_WEIGHT)
      case EVENT.afterCall:
      case EVENT.afterGrow:
        return next > LIGHT ? this.#check(at, next) : next
      case EVENT.join:
        return next > SEGMENT ? this.#check(at, next) : next
      case EVENT.jump:
        return frame < NO_FRAME ? this.#heaviest(-2 - frame, this.#events.charges[at] as number) : this.#atFrame(frame)
      case EVENT.branch:
        return Math.max(next, this.#atFrame(frame))
      case EVENT.if: {
        const otherwise = this.#frames.elses[frame] as number
        return Math.max(next, otherwise === NO_FRAME ? this.#atFrame(frame) : (this.#arrivals[otherwise] as number))
      }
      default:
        return next
    }
  }

  #check(at: number, charge: number): number {
    this.#events.charges[at] = Math.min(charge, MAX_CHARGE)
    return 0
  }

  #atFrame(frame: number): number {
    if (frame === NO_FRAME || this.#frames.isLoop[frame]) return 0
    return frame === 0 ? 0 : (this.#arrivals[this.#frames.ends[frame] as number] as number)
  }

  #heaviest(first: number, count: number): number {
    let most = 0
    for (let n = first; n < first + count; n++) most = Math.max(most, this.#atFrame(this.#events.targets[n] as number))
    return most
  }
}
