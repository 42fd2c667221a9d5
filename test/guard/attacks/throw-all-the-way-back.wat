;; A deep recursion that unwinds by an exception from its very bottom, again and again.
(module (tag $t)
  (func $deep (param i32) (if (i32.eqz (local.get 0)) (then (throw $t))) (call $deep (i32.sub (local.get 0) (i32.const 1))))
  (func (export "run") (loop $again (block $caught (try_table (catch_all $caught) (call $deep (i32.const 5000)))) (br $again))))
