;; A tree of calls whose leaves are tail calls: each frame is replaced before its check could count.
(module
  (func $tree (param i32)
    (if (i32.eqz (local.get 0)) (then (return)))
    (call $tree (i32.sub (local.get 0) (i32.const 1)))
    (return_call $tree (i32.sub (local.get 0) (i32.const 1))))
  (func (export "run") (call $tree (i32.const 50))))
