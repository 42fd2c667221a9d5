;; Branches that no processor predicts.
(module (func (export "run") (local $x i32) (local $y i32)
  (local.set $x (i32.const 12345))
  (loop $l
    (local.set $x (i32.xor (local.get $x) (i32.shl (local.get $x) (i32.const 13))))
    (local.set $x (i32.xor (local.get $x) (i32.shr_u (local.get $x) (i32.const 17))))
    (local.set $x (i32.xor (local.get $x) (i32.shl (local.get $x) (i32.const 5))))
    (if (i32.and (local.get $x) (i32.const 1)) (then (local.set $y (i32.const 1))))
    (if (i32.and (local.get $x) (i32.const 2)) (then (local.set $y (i32.const 2))))
    (if (i32.and (local.get $x) (i32.const 4)) (then (local.set $y (i32.const 3))))
    (if (i32.and (local.get $x) (i32.const 8)) (then (local.set $y (i32.const 4))))
    (br $l))))
