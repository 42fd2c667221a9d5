/** The section that tells V8 which branches are hardly ever taken, so that it keeps the slow paths of checks out of the way. */
import type { Writer } from '../wasm/writer.ts'

/** Of the branch hinting proposal; it stands before the code. */
export const HINTS_SECTION = 'metadata.code.branch_hint'

export class Hints {
  readonly #functions: number[] = []
  readonly #counts: number[] = []
  /** Of all functions, one after the other: offset of a branch in its body, and what it is. */
  readonly #hints: number[] = []

  /** @param hints offset and hint by turns, in the order of offsets */
  add(functionIndex: number, hints: readonly number[]): void {
    if (hints.length === 0) return
    this.#functions.push(functionIndex)
    this.#counts.push(hints.length / 2)
    for (const each of hints) this.#hints.push(each)
  }

  /** The section, if there are any. */
  write(out: Writer): void {
    if (this.#functions.length === 0) return
    out.section(0, (w) => {
      w.name(HINTS_SECTION)
      w.u32(this.#functions.length)
      let next = 0
      for (const [at, functionIndex] of this.#functions.entries()) {
        w.u32(functionIndex)
        w.u32(this.#counts[at] as number)
        for (const end = next + 2 * (this.#counts[at] as number); next < end; next += 2) {
          w.u32(this.#hints[next] as number)
          w.u32(1)
          w.u8(this.#hints[next + 1] as number)
        }
      }
    })
  }
}
