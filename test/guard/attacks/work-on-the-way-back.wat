;; A deep recursion that does its work when it returns, again and again; its frames were paid for long before.
(module (memory 1)
  (func $deep (param i32) (result i32)
    (if (i32.eqz (local.get 0)) (then (return (i32.const 0))))
    (i32.add (i32.load (call $deep (i32.sub (local.get 0) (i32.const 1)))) (i32.load (i32.const 8))))
  (func (export "run") (loop (drop (call $deep (i32.const 5000))) (br 0))))
