;; memory.fill of no bytes, whose address is the last that may be.
(module (memory 1) (func (export "run") (loop (memory.fill (i32.const 65536) (i32.const 0) (i32.const 0)) (br 0))))
