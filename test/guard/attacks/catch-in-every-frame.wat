;; A recursion of a hundred frames, each with a handler for whatever comes that calls again.
(module
  (func $deep (param i32)
    (block $caught
      (try_table (catch_all $caught)
        (if (i32.eqz (local.get 0)) (then (loop (br 0))))
        (call $deep (i32.sub (local.get 0) (i32.const 1)))))
    (call $deep (i32.const 100)))
  (func (export "run") (loop $again (block $caught (try_table (catch_all $caught) (call $deep (i32.const 100)))) (br $again))))
