;; Recursion through call_indirect, two calls at each level of 40.
(module (type $f (func (param i32))) (table funcref (elem $go))
  (func $go (type $f)
    (if (i32.eqz (local.get 0)) (then (return)))
    (call_indirect (type $f) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0))
    (call_indirect (type $f) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0)))
  (func (export "run") (call $go (i32.const 40))))
