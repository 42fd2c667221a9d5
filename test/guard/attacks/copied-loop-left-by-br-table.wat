;; A light loop is left from the midst of its round by a br_table to the loop around it, and entered again.
(module (func (export "run") (local $n i32)
  (loop $again
    (loop $light
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_table $light $again $light (i32.rem_u (local.get $n) (i32.const 3)))))))
