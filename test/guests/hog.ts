import { wat } from '../support/wat.ts'

/** Grows to 40 MiB, has the host keep that, and traps. */
export const HOG = wat(`(module
  (import "env" "keep" (func $keep))
  (memory (export "memory") 1)
  (func (export "hog") (drop (memory.grow (i32.const 640))) (call $keep) unreachable)
  (func (export "nothing")))`)
