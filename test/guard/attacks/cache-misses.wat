;; Loads that depend on each other, all over 64 MiB.
(module (memory 1024)
  (func (export "run") (local $at i32)
    (loop $touch (memory.fill (local.get $at) (i32.const 1) (i32.const 16384)) (br_if $touch (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 16384))) (i32.const 67108864))))
    (local.set $at (i32.const 0))
    (loop $l
      (local.set $at (i32.and (i32.add (i32.mul (local.get $at) (i32.const 1664525)) (i32.add (i32.load (local.get $at)) (i32.const 1013904223))) (i32.const 0x3fffff0)))
      (br $l))))
