;; The same with the older exception instructions, nested.
(module (func (export "run")
  (loop $again
    (try (do (try (do (loop (br 0))) (catch_all (rethrow 0)))) (catch_all))
    (br $again))))
