;; A stop that is delegated past every handler of the function, to its caller, which has one.
(module
  (func $inner (try (do (try (do (loop (br 0))) (delegate 1))) (catch_all)))
  (func (export "run") (loop $again (try (do (call $inner)) (catch_all)) (br $again))))
