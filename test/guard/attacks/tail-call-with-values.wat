;; A cycle of three tail calls that hand eight values on, in another order each time.
(module
  (func $a (param i64 i64 i64 i64 f64 f64 i32 i32)
    (return_call $b (local.get 1) (local.get 2) (local.get 3) (local.get 0) (local.get 5) (local.get 4) (local.get 7) (local.get 6)))
  (func $b (param i64 i64 i64 i64 f64 f64 i32 i32)
    (return_call $c (local.get 3) (local.get 2) (local.get 1) (local.get 0) (local.get 4) (local.get 5) (local.get 7) (local.get 6)))
  (func $c (param i64 i64 i64 i64 f64 f64 i32 i32)
    (return_call $a (local.get 0) (local.get 3) (local.get 2) (local.get 1) (local.get 5) (local.get 4) (local.get 6) (local.get 7)))
  (func (export "run")
    (return_call $a (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4) (f64.const 5) (f64.const 6) (i32.const 7) (i32.const 8))))
