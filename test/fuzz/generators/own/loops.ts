/** Loops in all the shapes that compilers and people make. Most count down a local of their own, and so end. */
import type { ValType } from '../../../../src/wasm/types.ts'
import type { Code } from './code.ts'
import { leaf } from './constants.ts'
import { countdown } from './countdown.ts'
import { leave } from './jumps.ts'

function times(code: Code): number {
  // Some so often that a loop without a check is noticed by the work that it does
  return code.random.oneIn(15) ? code.random.below(50_000) : code.random.below(12)
}

type Shape = (code: Code) => void

/** do { … } while */
const doWhile: Shape = (code) => {
  const goOn = countdown(code, times(code))
  code.block('loop', [], [], () => {
    code.statements(3)
    goOn()
    code.op('br_if', 0)
  })
}

/** while { … }: leaves at the top, comes back at the bottom */
const whileDo: Shape = (code) => {
  const goOn = countdown(code, times(code))
  code.block('block', [], [], () =>
    code.block('loop', [], [], () => {
      goOn()
      code.op('i32.eqz')
      code.op('br_if', 1)
      code.statements(3)
      code.op('br', 0)
    }),
  )
}

/** Several ways out, to several places */
const manyExits: Shape = (code) => {
  const goOn = countdown(code, times(code))
  code.block('block', [], [], () => {
    code.block('block', [], [], () =>
      code.block('loop', [], [], () => {
        code.statements(2)
        code.unlikely()
        code.op('br_if', 1)
        code.statements(1)
        code.unlikely()
        code.op('br_if', 2)
        goOn()
        code.op('br_if', 0)
      }),
    )
    code.statements(1)
  })
}

/** Values go round, more than one */
const withParams: Shape = (code) => {
  const { random, shape } = code
  const params: ValType[] = Array.from({ length: 1 + random.below(random.oneIn(10) ? 12 : 3) }, () => random.pick(shape.valueTypes))
  const results = random.oneIn(2) ? params : [random.pick(shape.valueTypes)]
  const goOn = countdown(code, times(code))
  code.values(params)
  code.block('loop', params, results, () => {
    code.absorbAll(params)
    code.statements(2)
    code.values(params)
    goOn()
    code.op('br_if', 0)
    if (results !== params) {
      for (const _ of params) code.op('drop')
      code.values(results)
    }
  })
  code.absorbAll(results)
}

/** A br_table decides between going back and several exits */
const table: Shape = (code) => {
  const goOn = countdown(code, times(code))
  code.block('block', [], [], () =>
    code.block('block', [], [], () =>
      code.block('loop', [], [], () => {
        code.statements(2)
        goOn()
        code.op('i32.eqz')
        code.op('br_if', 2)
        code.value('i32')
        code.op(
          'br_table',
          Array.from({ length: 1 + code.random.spread(20) }, () => code.random.below(3)),
        )
      }),
    ),
  )
}

/** A back edge in the middle ("continue") and one at the end */
const twoWaysBack: Shape = (code) => {
  const goOn = countdown(code, times(code))
  code.block('loop', [], [], () => {
    code.statements(1)
    goOn()
    code.block('if', [], [], () => {
      code.value('i32')
      code.op('br_if', 1)
      code.statements(2)
      code.op('br', 1)
    })
  })
}

/** Goes round for ever, but for an exit inside */
const endless: Shape = (code) => {
  const goOn = countdown(code, times(code))
  code.block('loop', [], [], () => {
    code.statements(1)
    goOn()
    code.op('i32.eqz')
    code.block('if', [], [], () => leave(code))
    code.op('br', 0)
  })
}

/** Never comes back */
const once: Shape = (code) => code.block('loop', [], [], () => code.statements(2))

/** One in another, and the inner one may go on with the outer one */
const nested: Shape = (code) => {
  const outer = countdown(code, code.random.below(8))
  code.block('loop', [], [], () => {
    const inner = countdown(code, code.random.below(8))
    code.block('loop', [], [], () => {
      code.statements(1)
      inner()
      code.op('br_if', 0)
      outer()
      code.op('br_if', 1)
    })
    code.statements(1)
    outer()
    code.op('br_if', 0)
  })
}

/** The body is nothing but the count */
const tight: Shape = (code) => {
  const goOn = countdown(code, code.random.below(code.random.oneIn(6) ? 100_000 : 3_000))
  code.block('loop', [], [], () => {
    goOn()
    code.op('br_if', 0)
  })
}

/** Back by way of a reference that is (not) null */
const byReference: Shape = (code) => {
  if (!code.shape.features.typedReferences) return doWhile(code)
  const goOn = countdown(code, times(code))
  code.block('block', [], [], () =>
    code.block('loop', [], [], () => {
      code.statements(1)
      goOn()
      code.op('i32.eqz')
      code.op('br_if', 1)
      leaf(code, { nullable: true, heap: 'func' })
      code.op('br_on_null', 0)
      code.op('drop')
    }),
  )
}

const SHAPES: readonly (readonly [weight: number, shape: Shape])[] = [
  [4, doWhile],
  [4, whileDo],
  [3, manyExits],
  [3, withParams],
  [2, table],
  [2, twoWaysBack],
  [2, endless],
  [1, once],
  [2, nested],
  [2, tight],
  [1, byReference],
]

export function loop(code: Code): void {
  code.random.weighted(SHAPES)(code)
}
