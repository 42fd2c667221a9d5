;; memory.grow page by page, and table.grow, until they fail, and on.
(module (memory 0) (table 0 funcref)
  (func (export "run") (loop (drop (memory.grow (i32.const 1))) (drop (table.grow (ref.null func) (i32.const 1))) (br 0))))
