/** Blocks in one another by the thousand: the guard reads and writes them without using up its own stack, and they stay what they are. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CAPS } from '../../src/limits.ts'
import { build, type Emit, times } from '../guard/build.ts'
import { isKnown } from './corpus.ts'
import { refusal } from './refused.ts'

type Write = (emit: Emit, depth: number) => void
const nothing: Write = () => undefined

/** Blocks that open one after the other, and close again. */
function nested(depth: number, open: Write, innermost: Write, close: Write): Uint8Array<ArrayBuffer> {
  return build({
    functions: [
      {
        locals: [[1, 'i32']],
        body: (emit) => {
          times(depth, (index) => open(emit, index))
          innermost(emit, depth)
          times(depth, (index) => {
            close(emit, index)
            emit('end')
          })
        },
      },
    ],
    tags: [0],
    padding: 500_000,
  })
}

/** Loops have a cap of their own. */
const LOOPS = { caps: { loopNesting: CAPS.nesting } } as const

const loop: Write = (emit) => emit('loop', 'empty')
const again: Write = (emit) => {
  emit('local.get', 0)
  emit('br_if', 0)
}
const jumpAnywhere: Write = (emit, depth) => {
  emit('local.get', 0)
  emit(
    'br_table',
    Array.from({ length: depth }, (_, label) => label),
  )
}
const branch: Write = (emit) => {
  emit('local.get', 0)
  emit('if', 'empty')
}

const SHAPES: Readonly<Record<string, readonly [open: Write, innermost: Write, close: Write]>> = {
  'blocks with a jump to each': [(emit) => emit('block', 'empty'), jumpAnywhere, nothing],
  'loops without a jump': [loop, nothing, nothing],
  'loops, each with a jump back': [loop, nothing, again],
  'loops with a jump to each from the innermost': [loop, jumpAnywhere, nothing],
  'loops with a jump to the outermost': [loop, (emit, depth) => emit('br', depth - 1), nothing],
  'branches with an else': [branch, nothing, (emit) => emit('else')],
  'branches and loops in turn': [(emit, depth) => (depth % 2 === 0 ? branch : loop)(emit, depth), jumpAnywhere, nothing],
  'tries with a handler for everything': [(emit) => emit('try_table', 'empty', [{ kind: 'catch_all', label: 0 }]), (emit) => emit('throw', 0), nothing],
  'older tries with a handler for everything': [(emit) => emit('try', 'empty'), (emit) => emit('throw', 0), (emit) => emit('catch_all')],
}

for (const [what, [open, innermost, close]] of Object.entries(SHAPES))
  test(`${what}, as deep as \`caps.nesting\` lets them be, and deeper`, () => {
    const bytes = nested(CAPS.nesting - 1, open, innermost, close)
    assert.ok(isKnown(bytes))
    for (const options of [{}, { fuel: true }, { deterministic: true }]) assert.equal(refusal(bytes, { ...options, ...LOOPS }), undefined)
    assert.equal(refusal(nested(CAPS.nesting + 2, open, innermost, close), LOOPS), 'limit-exceeded')
    // Far beyond what any stack has room for
    assert.equal(refusal(nested(200_000, open, innermost, close), LOOPS), 'limit-exceeded')
  })
