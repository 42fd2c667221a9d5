/** Ways out of blocks and functions. */
import type { ValType } from '../../../../src/wasm/types.ts'
import type { Code } from './code.ts'

/** A jump with operands under a condition; the values stay on the stack if it is not taken. */
export function maybeLeave(code: Code, types: readonly ValType[]): void {
  const labels = code.labelsOf(types).filter((label) => !code.labels[code.labels.length - 1 - label]?.isLoop)
  if (labels.length === 0) return
  code.value('i32')
  code.op('br_if', code.random.pick(labels))
}

/** Unconditionally, out of some block or the function; never back to a loop. */
export function leave(code: Code): void {
  const { random, labels } = code
  const outward = [...labels.keys()].filter((label) => !labels[labels.length - 1 - label]?.isLoop)
  const kind = random.below(10)
  if (kind === 0) return code.op('unreachable')
  if (kind < 4 || outward.length === 0) {
    code.values(code.self.type.results)
    return code.op('return')
  }
  const label = random.pick(outward)
  code.values(code.labelTypes(label))
  code.op('br', label)
}
