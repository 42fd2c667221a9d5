;; An exception thrown through 3,000 frames, each with a handler for another one, in a loop.
(module (tag $t) (tag $other)
  (func $deep (param i32)
    (if (i32.eqz (local.get 0)) (then (throw $t)))
    (block $no (try_table (catch $other $no) (call $deep (i32.sub (local.get 0) (i32.const 1))))))
  (func (export "run")
    (loop $again (block $c (try_table (catch_all $c) (call $deep (i32.const 3000)))) (br $again))))
