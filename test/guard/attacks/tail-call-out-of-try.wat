;; A cycle of tail calls, each from within a handler's reach, which it leaves.
(module
  (func $ping (export "run") (block $caught (try_table (catch_all $caught) (return_call $pong))))
  (func $pong (block $caught (try_table (catch_all $caught) (return_call $ping)))))
