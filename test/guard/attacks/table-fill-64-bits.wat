;; table.fill of a table with 64-bit indices.
(module (table i64 90000 funcref)
  (func (export "run") (loop (table.fill (i64.const 0) (ref.null func) (i64.const 90000)) (br 0))))
