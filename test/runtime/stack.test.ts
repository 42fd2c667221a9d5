import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hasStack } from '../../src/runtime/stack.ts'

/** Goes down until there is too little stack, and does something there. */
function atTheEnd(work: () => void): number {
  const dive = (depth: number): number => {
    if (hasStack()) return dive(depth + 1)
    work()
    return depth
  }
  return dive(0)
}

for (const warmUp of [0, 20_000]) {
  test(`where too little stack is left, there is enough for a function that was never compiled (${warmUp === 0 ? 'not yet' : 'after being'} optimised)`, () => {
    for (let n = 0; n < warmUp; n++) hasStack()
    const fresh = new Function('return [1, 2, 3].map((each) => each * 2).length') as () => number
    let result: unknown
    const depth = atTheEnd(() => {
      result = fresh()
    })
    assert.ok(depth > 100, `there is stack for ${depth} frames`)
    assert.equal(result, 3)
    assert.equal(hasStack(), true)
  })
}
