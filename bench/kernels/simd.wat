;; SIMD: a blend of two pictures of 512 KiB, sixteen bytes an iteration, as a codec or a filter does it.
(module
  (memory 17)

  (func $fill (param $end i32)
    (local $at i32)
    (loop $next
      (i32.store (local.get $at) (i32.mul (local.get $at) (i32.const 0x9e3779b1)))
      (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 4))) (local.get $end)))))

  (func $blend (param $weight i32)
    (local $at i32)
    (local $w v128)
    (local.set $w (i16x8.splat (local.get $weight)))
    (loop $next
      (v128.store (local.get $at)
        (i8x16.narrow_i16x8_u
          (i16x8.shr_u
            (i16x8.add
              (i16x8.mul (local.get $w) (i16x8.extend_low_i8x16_u (v128.load (local.get $at))))
              (i16x8.mul (i16x8.sub (i16x8.splat (i32.const 256)) (local.get $w))
                (i16x8.extend_low_i8x16_u (v128.load offset=524288 (local.get $at)))))
            (i32.const 8))
          (i16x8.shr_u
            (i16x8.add
              (i16x8.mul (local.get $w) (i16x8.extend_high_i8x16_u (v128.load (local.get $at))))
              (i16x8.mul (i16x8.sub (i16x8.splat (i32.const 256)) (local.get $w))
                (i16x8.extend_high_i8x16_u (v128.load offset=524288 (local.get $at)))))
            (i32.const 8))))
      (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 16))) (i32.const 524288)))))

  (func (export "run") (result i32)
    (local $round i32)
    (call $fill (i32.const 1048576))
    (loop $next
      (call $blend (i32.mul (local.get $round) (i32.const 8)))
      (br_if $next (i32.lt_u (local.tee $round (i32.add (local.get $round) (i32.const 1))) (i32.const 32))))
    (i32.load (i32.const 4096))))
