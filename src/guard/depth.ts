/**
 * With fuel, how deep calls nest is counted too: where V8's own stack ends depends on which of its compilers made the code. Each function
 * that calls takes what its frame may have from a global, and whoever called it puts back what was there, as nobody else is sure to run.
 */
import { EXHAUSTED } from '../abi.ts'
import type { Writer } from '../wasm/writer.ts'
import type { Additions } from './additions.ts'
import { get, type Step, writeSteps } from './code.ts'
import { EVENT, IMPORTED } from './events.ts'
import type { Outline } from './outline.ts'

/** A function that does not call counts only if its frame is larger. */
const SMALL = 256

export class Depth {
  readonly #outline: Outline
  readonly #body: Writer
  readonly #added: Additions
  /** By function: does its frame count? */
  readonly #counts: Uint8Array
  /** What `restore` writes, and for which local. */
  #restoring: Uint8Array = new Uint8Array(0)
  #restored = -1

  constructor(outline: Outline, body: Writer, added: Additions) {
    const { kinds } = outline.events
    this.#outline = outline
    this.#body = body
    this.#added = added
    this.#counts = Uint8Array.from({ length: outline.count }, (_, at) => {
      if ((outline.stack[at] as number) > SMALL) return 1
      const end = outline.firstEvent[at + 1] as number
      for (let event = outline.firstEvent[at] as number; event < end; event++) if (kinds[event] === EVENT.call || kinds[event] === EVENT.leave) return 1
      return 0
    })
  }

  /** Does a function count its frame? */
  counts(at: number): boolean {
    return this.#counts[at] === 1
  }

  /** Does a call leave the depth as another function has it? */
  isChangedBy(callee: number): boolean {
    return callee === IMPORTED || callee >= this.#outline.count || this.#counts[callee] === 1
  }

  /** At the entry. @param local of the guard's own: what is left for who is called */
  enter(at: number, local: number): void {
    const { depth, functions } = this.#added
    this.#write([
      ['global.get', depth as number],
      ['i32.const', this.#frameOf(at)],
      ['i32.sub'],
      ['local.tee', local],
      ['global.set', depth as number],
      get(local),
      ['i32.const', 0],
      ['i32.lt_s'],
      ['if', 'empty'],
      ['i32.const', EXHAUSTED.depth],
      ['call', functions.exhausted],
      ['end'],
    ])
  }

  /** After a call, and where an exception arrives. */
  restore(local: number): void {
    if (this.#restored !== local) {
      this.#restored = local
      this.#restoring = writeSteps([get(local), ['global.set', this.#added.depth as number]])
    }
    this.#body.bytes(this.#restoring)
  }

  /** Before a tail call, which takes the frame's place. */
  giveBack(at: number, local: number): void {
    this.#write([get(local), ['i32.const', this.#frameOf(at)], ['i32.add'], ['global.set', this.#added.depth as number]])
  }

  #frameOf(at: number): number {
    return this.#outline.stack[at] as number
  }

  #write(steps: readonly Step[]): void {
    this.#body.bytes(writeSteps(steps))
  }
}
