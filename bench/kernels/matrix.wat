;; Floating point: the product of two matrices of 160 x 160 doubles.
(module
  (memory 10)

  (func (export "run") (result f64)
    (local $row i32)
    (local $column i32)
    (local $at i32)
    (local $left i32)
    (local $right i32)
    (local $sum f64)
    (loop $rows
      (local.set $column (i32.const 0))
      (loop $columns
        (local.set $sum (f64.const 0))
        (local.set $at (i32.const 0))
        (local.set $left (i32.mul (local.get $row) (i32.const 1280)))
        (local.set $right (i32.shl (local.get $column) (i32.const 3)))
        (loop $dot
          (local.set $sum
            (f64.add
              (local.get $sum)
              (f64.mul
                (f64.add (f64.load (local.get $left)) (f64.const 1))
                (f64.add (f64.load offset=204800 (local.get $right)) (f64.const 0.5)))))
          (local.set $left (i32.add (local.get $left) (i32.const 8)))
          (local.set $right (i32.add (local.get $right) (i32.const 1280)))
          (br_if $dot (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1))) (i32.const 160))))
        (f64.store offset=409600
          (i32.add (i32.mul (local.get $row) (i32.const 1280)) (i32.shl (local.get $column) (i32.const 3)))
          (local.get $sum))
        (br_if $columns (i32.lt_u (local.tee $column (i32.add (local.get $column) (i32.const 1))) (i32.const 160))))
      (br_if $rows (i32.lt_u (local.tee $row (i32.add (local.get $row) (i32.const 1))) (i32.const 160))))
    (local.get $sum)))
