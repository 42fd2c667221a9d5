;; Names types past the last of its own: those of the hooks and helpers.
(module (type $e (func)) (type $f (func (param i32) (result i32))) (type $g (func (param i32) (result i32))) (table 4 4 funcref) (tag (type $e))
  (func $run (export "run") (type $e)
    (local (ref null (;@;)2))
    (loop
      (drop (call_indirect (type (;@;)2) (i32.const 0) (i32.const 0)))
      (drop (call_ref (;@;)2 (i32.const 0) (ref.null (;@;)2)))
      (drop (ref.cast (ref null (;@;)2) (table.get 0 (i32.const 0))))
      (drop (i32.const 0) (loop (type (;@;)2)))
      (br_if 0 (i32.const 0))))
  (func (type (;@;)2) (local.get 0)))
