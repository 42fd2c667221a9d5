;; Has exceptions go past the outermost block of a function.
(module (tag $t) (func $throws (throw $t))
  (func (export "run") (loop (try_table (catch_all (;@;)1) (catch $t (;@;)1) (call $throws)) (br 0))))
