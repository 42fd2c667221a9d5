;; Delegates and rethrows past the outermost block of a function.
(module (tag $t) (func $throws (throw $t))
  (func (export "run")
    (loop (try (do (call $throws)) (delegate (;@;)1)) (br 0)))
  (func (export "again")
    (loop (try (do (call $throws)) (catch_all (br_if (;@;)2 (i32.const 1)) (rethrow 0))))))
