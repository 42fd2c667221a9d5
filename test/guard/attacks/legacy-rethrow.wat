;; Catches, rethrows into the next handler out, which does the same, and begins again.
(module (tag $t)
  (func (export "run")
    (loop $again
      (try (do (try (do (try (do (throw $t)) (catch $t (rethrow 0)))) (catch_all (rethrow 0)))) (catch_all))
      (br $again))))
