;; Names data and element segments past the last of its own, in operations that the guard's helpers do.
(module (memory 1) (table 4 4 funcref) (data $a "abc") (data $b "def") (elem $c func $run) (elem $d func $run)
  (func $run (export "run") (param i32)
    (loop
      (memory.init (;@;)1 (i32.const 0) (i32.const 0) (local.get 0))
      (memory.init (;@;)1 (i32.const 0) (i32.const 0) (i32.const 1))
      (table.init 0 (;@;)1 (i32.const 0) (i32.const 0) (local.get 0))
      (table.init 0 (;@;)1 (i32.const 0) (i32.const 0) (i32.const 1))
      (data.drop (;@;)1) (elem.drop (;@;)1)
      (br_if 0 (i32.const 0)))))
