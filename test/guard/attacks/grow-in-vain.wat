;; memory.grow and table.grow by more than there ever is, which fail each time.
(module (memory 1) (table 1 funcref)
  (func (export "run") (loop (drop (memory.grow (i32.const 65000))) (drop (table.grow (ref.null func) (i32.const -1))) (br 0))))
