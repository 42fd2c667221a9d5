;; Goes down a thousand frames and back up, for ever: as many returns as calls, and no loop on the way.
(module
  (func $down (param i32) (if (local.get 0) (then (call $down (i32.sub (local.get 0) (i32.const 1))))))
  (func (export "run") (loop $again (call $down (i32.const 1000)) (br $again))))
