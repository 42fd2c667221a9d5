/** The section that tells V8 which branches are hardly ever taken, so that it keeps the slow paths of checks out of the way. */
import { Writer } from '../wasm/writer.ts'

/** Of the branch hinting proposal; it stands before the code. */
export const HINTS_SECTION = 'metadata.code.branch_hint'

/** The hints of one function, in the order of offsets. */
export class FunctionHints {
  count = 0
  readonly #encoded = new Writer()

  clear(): void {
    this.count = 0
    this.#encoded.clear()
  }

  /** @param offset of a branch in its body */
  add(offset: number, hint: number): void {
    this.count++
    this.#encoded.u32(offset)
    this.#encoded.u8(1) // the length of what follows
    this.#encoded.u8(hint)
  }

  append(out: Writer): void {
    out.append(this.#encoded)
  }
}

export class Hints {
  #functions = 0
  readonly #encoded = new Writer()

  add(functionIndex: number, hints: FunctionHints): void {
    if (hints.count === 0) return
    this.#functions++
    this.#encoded.u32(functionIndex)
    this.#encoded.u32(hints.count)
    hints.append(this.#encoded)
  }

  /** The section, if there are any. */
  write(out: Writer): void {
    if (this.#functions === 0) return
    out.section(0, (w) => {
      w.name(HINTS_SECTION)
      w.u32(this.#functions)
      w.append(this.#encoded)
    })
  }
}
