;; Recursion through call_ref, two calls at each level of 40.
(module (type $f (func (param i32))) (elem declare func $go)
  (func $go (type $f)
    (if (i32.eqz (local.get 0)) (then (return)))
    (call_ref $f (i32.sub (local.get 0) (i32.const 1)) (ref.func $go))
    (call_ref $f (i32.sub (local.get 0) (i32.const 1)) (ref.func $go)))
  (func (export "run") (call $go (i32.const 40))))
