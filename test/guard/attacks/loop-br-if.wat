;; A loop whose back edge is a condition that always holds.
(module (func (export "run") (loop (br_if 0 (i32.const 1)))))
