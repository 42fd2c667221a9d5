;; A cycle of return_call_indirect.
(module (type $f (func)) (table funcref (elem $ping $pong))
  (func $ping (export "run") (return_call_indirect (type $f) (i32.const 1)))
  (func $pong (return_call_indirect (type $f) (i32.const 0))))
