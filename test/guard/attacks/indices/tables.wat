;; Names tables past the last of its own: the one that holds the host's hooks.
(module (type $f (func)) (table 4 4 funcref) (table 4 4 funcref) (table 4 4 funcref) (elem $e func $run)
  (func $run (export "run") (type $f)
    (loop
      (table.set (;@;)2 (i32.const 0) (table.get (;@;)2 (i32.const 0)))
      (drop (table.size (;@;)2))
      (drop (table.grow (;@;)2 (ref.null func) (i32.const 0)))
      (table.fill (;@;)2 (i32.const 0) (ref.null func) (i32.const 3))
      (table.copy (;@;)2 (;@;)2 (i32.const 0) (i32.const 0) (i32.const 3))
      (table.init (;@;)2 $e (i32.const 0) (i32.const 0) (i32.const 1))
      (br_if 0 (i32.const 0)))
    (call_indirect (;@;)2 (type $f) (i32.const 0)))
  (export "b" (table (;@;)2))
  (elem (table (;@;)2) (i32.const 0) func $run))
