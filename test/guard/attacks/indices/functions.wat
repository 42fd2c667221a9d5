;; Names functions past the last of its own: the guard's helpers, which poll and pay.
(module (type $f (func)) (table 4 4 funcref (ref.func (;@;)1)) (global funcref (ref.func (;@;)1))
  (func $run (export "run") (type $f)
    (loop (call (;@;)1) (drop (ref.func (;@;)1)) (br_if 0 (i32.const 0)))
    (return_call (;@;)1))
  (func $other (export "other") (type $f))
  (export "third" (func (;@;)1)) (start (;@;)1)
  (elem (i32.const 0) func (;@;)1 1) (elem declare func 0 (;@;)1) (elem funcref (ref.func (;@;)1)))
