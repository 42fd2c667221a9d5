;; Starts a global and segments with a global that is not there yet.
(module (import "m" "g" (global i32)) (import "m" "h" (global i32)) (memory 1) (table 1 1 funcref)
  (global $a i32 (global.get (;@;)1)) (global $b i32 (global.get (;@;)2))
  (data (global.get (;@;)3) "") (elem (global.get (;@;)3) func)
  (func (export "run")))
