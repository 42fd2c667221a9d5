;; A start function that is an exponential tree of calls.
(module (start $run)
  (func $tree (param i32)
    (if (local.get 0) (then (call $tree (i32.sub (local.get 0) (i32.const 1))) (call $tree (i32.sub (local.get 0) (i32.const 1))))))
  (func $run (call $tree (i32.const 50))))
