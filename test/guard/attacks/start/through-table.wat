;; A start function that runs what an active element segment put into a table.
(module (type $f (func)) (table 1 funcref) (elem (i32.const 0) $loop) (start $run)
  (func $loop (type $f) (loop (br 0)))
  (func $run (call_indirect (type $f) (i32.const 0))))
