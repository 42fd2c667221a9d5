;; The same with the exception thrown by a function that is called, through one that does not know of it.
(module (tag $t)
  (func $throws (throw $t)) (func $between (call $throws))
  (func (export "run") (loop $again (try_table (catch_all $again) (call $between)))))
