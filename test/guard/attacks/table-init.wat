;; table.init of functions from a segment, which makes an object of each.
(module (table 8 funcref) (elem $e func $a $b $a $b $a $b $a $b) (func $a) (func $b)
  (func (export "run") (loop (table.init $e (i32.const 0) (i32.const 0) (i32.const 8)) (br 0))))
