;; A loop closed by br_on_non_null, which carries the reference along.
(module (elem declare func $run)
  (func $run (export "run") (ref.func $run) (loop $l (param funcref) (br_on_non_null $l) unreachable)))
