;; Long copies: one operation is one piece.
(module (memory 512) (func (export "run") (loop (memory.copy (i32.const 1) (i32.const 16777216) (i32.const 16777215)) (br 0))))
