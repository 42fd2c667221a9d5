;; Nested loops with loads, stores and branches: primes below a million.
(module
  (memory 16)

  (func (export "run") (result i32)
    (local $n i32)
    (local $multiple i32)
    (local $count i32)
    (memory.fill (i32.const 0) (i32.const 0) (i32.const 1000000))
    (local.set $n (i32.const 2))
    (loop $next
      (if (i32.eqz (i32.load8_u (local.get $n)))
        (then
          (local.set $count (i32.add (local.get $count) (i32.const 1)))
          (local.set $multiple (i32.shl (local.get $n) (i32.const 1)))
          (block $done
            (loop $cross
              (br_if $done (i32.ge_u (local.get $multiple) (i32.const 1000000)))
              (i32.store8 (local.get $multiple) (i32.const 1))
              (local.set $multiple (i32.add (local.get $multiple) (local.get $n)))
              (br $cross)))))
      (br_if $next
        (i32.lt_u
          (local.tee $n (i32.add (local.get $n) (i32.const 1)))
          (i32.const 1000000))))
    (local.get $count)))
