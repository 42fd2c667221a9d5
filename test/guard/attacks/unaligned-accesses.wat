;; Stores and loads that straddle pages, each of which the processor does in two.
(module (memory 2)
  (func (export "run")
    (loop
      (v128.store (i32.const 65529) (v128.load (i32.const 4089)))
      (i64.store (i32.const 4093) (i64.load (i32.const 65533)))
      (br 0))))
