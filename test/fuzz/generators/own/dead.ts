/** Code that is never reached. It is validated with an operand stack that gives whatever is asked for. */

import type { Code } from './code.ts'
import { leave } from './jumps.ts'
import { loop } from './loops.ts'

type Dead = (code: Code) => void

const POLYMORPHIC: readonly Dead[] = [
  (code) => {
    code.op('i32.add')
    code.op('drop')
  },
  (code) => {
    code.op('select')
    code.op('drop')
  },
  (code) => {
    code.op('drop')
    code.op('drop')
  },
  (code) => {
    // A branch whose condition and values come from nowhere
    const label = code.random.below(code.labels.length)
    code.op('br_if', label)
    for (const _ of code.labelTypes(label)) code.op('drop')
  },
  (code) => {
    if (code.shape.memories.length === 0) return
    const index = code.random.below(code.shape.memories.length)
    code.op('memory.fill', index)
  },
  (code) => {
    const index = code.random.below(code.functions.length)
    code.op('call', index)
    for (const _ of code.functions[index]?.type.results ?? []) code.op('drop')
  },
  (code) => {
    code.op('if', 'empty')
    code.within({ types: [], isLoop: false }, () => code.statements(2))
    code.op('else')
    code.op('end')
  },
  (code) => code.block('loop', [], [], () => code.op('br', 0)),
  loop,
  (code) => code.statements(3),
  (code) => {
    if (code.shape.memories.length === 0) return
    const index = code.random.below(code.shape.memories.length)
    code.op('memory.grow', index)
    code.op('drop')
  },
]

/** A block that control leaves in the middle, with more code before its end. */
export function deadCode(code: Code): void {
  if (code.depth > 9) return
  code.block('block', [], [], () => {
    code.statements(1)
    if (code.random.oneIn(3)) {
      code.value('i32')
      code.op('br_if', 0)
    }
    // Most often just out of the block, or the function would end here
    if (code.random.oneIn(4)) leave(code)
    else code.op('br', 0)
    for (let count = 1 + code.random.below(4); count > 0; count--) code.random.pick(POLYMORPHIC)(code)
  })
}
