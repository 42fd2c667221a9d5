;; table.fill of a whole large table.
(module (table 90000 funcref) (elem declare func $run)
  (func $run (export "run") (loop (table.fill (i32.const 0) (ref.func $run) (i32.const 90000)) (br 0))))
