;; A loop within a handler, where the exception is still held; another within a try that is delegated to the caller.
(module (tag $t)
  (func (export "run")
    (try (do (throw $t))
      (catch_all (loop $l (try (do (br $l)) (delegate 0)))))))
