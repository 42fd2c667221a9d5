;; The handler of an exception jumps into a loop that it was thrown in, with the value that was thrown.
(module (tag $t (param i32))
  (func (export "run")
    (i32.const 0)
    (loop $again (param i32)
      (try_table (param i32) (catch $t $again) (i32.add (i32.const 1)) (throw $t)))))
