;; Names memories past the last of its own.
(module (memory 1) (memory 1) (memory 1) (data $d "abc")
  (func (export "run")
    (loop
      (i32.store (;@;)2 (i32.const 0) (i32.load (;@;)2 (i32.const 0)))
      (drop (memory.size (;@;)2))
      (drop (memory.grow (;@;)2 (i32.const 0)))
      (memory.fill (;@;)2 (i32.const 0) (i32.const 0) (i32.const 9))
      (memory.copy (;@;)2 (;@;)2 (i32.const 0) (i32.const 0) (i32.const 9))
      (memory.init (;@;)2 $d (i32.const 0) (i32.const 0) (i32.const 1))
      (br_if 0 (i32.const 0))))
  (export "b" (memory (;@;)2))
  (data (memory (;@;)2) (i32.const 0) "x"))
