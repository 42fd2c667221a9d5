;; A loop out of blocks that end with unreachable and are all left by jumps.
(module (func (export "run")
  (loop $l
    (block $a (block $b (br_if $b (i32.const 1)) unreachable) (br_if $a (i32.const 1)) unreachable)
    (br $l))))
