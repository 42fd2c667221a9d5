;; Copies from one memory to another, 4 MiB at a time.
(module (memory $a 64) (memory $b 64)
  (func (export "run") (loop (memory.copy $a $b (i32.const 0) (i32.const 0) (i32.const 4194304)) (br 0))))
