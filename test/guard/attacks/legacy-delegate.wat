;; Exceptions that are delegated past handlers, in a loop.
(module (tag $t)
  (func (export "run")
    (loop $again
      (try $outer (do (try (do (try (do (throw $t)) (delegate $outer))) (catch_all unreachable))) (catch_all))
      (br $again))))
