;; memory.grow by no page, in a loop.
(module (memory 1) (func (export "run") (loop (drop (memory.grow (i32.const 0))) (br 0))))
