;; The worst case for checks: a loop whose body costs next to nothing.
(module
  (func (export "run") (result i32)
    (local $left i32)
    (local $sum i32)
    (local.set $left (i32.const 20000000))
    (loop $next
      (local.set $sum (i32.xor (local.get $sum) (local.get $left)))
      (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (local.get $sum)))
