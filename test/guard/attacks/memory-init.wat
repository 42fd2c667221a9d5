;; Endless initialisation of memory from a segment of 4 KiB.
(module (memory 1) (data $d "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")
  (func (export "run") (loop (memory.init $d (i32.const 100) (i32.const 0) (i32.const 64)) (br 0))))
