;; Reads and writes locals past the last of its own, in functions of every kind that the guard adds some to.
(module (func (export "run") (param i32) (local i64 i32)
    (loop $light (local.set (;@;)2 (i32.const 0)) (br_if $light (local.tee (;@;)2 (i32.sub (local.get (;@;)2) (i32.const 1)))))
    (call 1 (i32.const 1) (i32.const 1)))
  (func (param i32 i32)
    (loop $calls (call 0 (local.get 0)) (br_if $calls (local.get (;@;)1))))
  (func (export "small") (result i32) (local i32 i32) (local.get (;@;)1)))
