;; Fills of a 64-bit memory, in pieces of 16 MiB.
(module (memory i64 512) (func (export "run")
  (loop $l
    (memory.fill (i64.const 0) (i32.const 1) (i64.const 16777216))
    (br $l))))
