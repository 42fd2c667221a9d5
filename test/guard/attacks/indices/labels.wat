;; Jumps past the outermost block of a function, to those that the guard puts around loops: in one that is copied, in one with a header, at a back edge.
(module
  (func (export "copied") (param i32)
    (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))) (br_if (;@;)1 (local.get 0))))
  (func (export "headed") (param i32)
    (loop (loop (br_table 0 1 (;@;)2 (local.get 0)))))
  (func (export "called") (param i32)
    (loop (call 0 (local.get 0)) (if (local.get 0) (then (br (;@;)2)))  (br_if (;@;)1 (local.get 0)) (br 0)))
  (func (export "straight") (block (br (;@;)1))))
