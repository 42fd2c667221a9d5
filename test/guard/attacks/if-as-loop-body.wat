;; The back edge of a loop sits in an if without else, behind code that cannot be reached.
(module (func (export "run")
  (loop $l (if (i32.const 1) (then (br $l) unreachable (br $l))))))
