;; Touches 120 MiB of memory page by page, each for the first time, and begins again.
(module (memory 1920)
  (func (export "run") (local $at i32)
    (loop $again
      (local.set $at (i32.const 0))
      (loop $l
        (i32.store8 (local.get $at) (i32.const 1))
        (br_if $l (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 4096))) (i32.const 125829120))))
      (br $again))))
