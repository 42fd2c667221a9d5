;; Copies within a 64-bit memory that overlap by all but a byte, backwards.
(module (memory i64 256)
  (func (export "run") (loop (memory.copy (i64.const 1) (i64.const 0) (i64.const 16777215)) (br 0))))
