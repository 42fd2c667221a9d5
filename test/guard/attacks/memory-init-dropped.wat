;; Initialisation from a segment that was dropped, of no bytes: what is left of it to do may be done for ever.
(module (memory 1) (data $d "abc")
  (func (export "run") (loop (data.drop $d) (memory.init $d (i32.const 0) (i32.const 0) (i32.const 0)) (br 0))))
