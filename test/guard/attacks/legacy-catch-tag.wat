;; A loop that closes through the handler of one tag alone, of the older kind.
(module (tag $t (param i32))
  (func (export "run") (loop $again (try (do (throw $t (i32.const 1))) (catch $t drop (br $again))))))
