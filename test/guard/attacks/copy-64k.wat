;; The longest copies that are charged by length, without a poll of their own.
(module (memory 3) (func (export "run") (loop (memory.copy (i32.const 1) (i32.const 65537) (i32.const 65536)) (br 0))))
