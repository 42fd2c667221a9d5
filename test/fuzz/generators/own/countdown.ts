/** What makes loops end. */
import type { Code } from './code.ts'

/** Sets up a counter; what is returned counts down and leaves on the stack whether to go on. */
export function countdown(code: Code, times: number): () => void {
  // Once in a while the counter may be written by anybody, and so the loop be endless
  const counter = code.local('i32', !code.random.oneIn(60))
  code.op('i32.const', times)
  code.op('local.set', counter)
  return () => {
    code.op('local.get', counter)
    code.op('i32.const', 1)
    code.op('i32.sub')
    code.op('local.tee', counter)
    code.op('i32.const', 0)
    code.op('i32.gt_s')
  }
}
