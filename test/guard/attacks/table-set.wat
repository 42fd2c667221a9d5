;; table.set, which also writes what call_indirect reads.
(module (table 10 funcref) (elem declare func $run)
  (func $run (export "run") (loop
    (table.set (i32.const 0) (ref.func $run)) (table.set (i32.const 1) (ref.func $run)) (table.set (i32.const 2) (ref.func $run))
    (table.set (i32.const 3) (ref.func $run)) (table.set (i32.const 4) (ref.func $run)) (table.set (i32.const 5) (ref.func $run))
    (br 0))))
