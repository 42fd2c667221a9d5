;; Names globals past the last of its own: the counter, the fuel and the depth.
(module (import "m" "g" (global i32)) (global $own (mut i32) (i32.const 1))
  (func (export "run")
    (loop
      (global.set (;@;)1 (i32.const 100000000))
      (drop (global.get (;@;)1))
      (br_if 0 (i32.const 0))))
  (export "own" (global (;@;)1)))
