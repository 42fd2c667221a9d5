;; Recursion to the end of the stack, with a handler at each level that calls again: the poll has no stack left there.
(module
  (func $deep
    (try (do (try (do (try (do (call $deep)) (catch_all (call $deep)))) (catch_all (call $deep)))) (catch_all (call $deep))))
  (func (export "run") (loop $again (try (do (call $deep)) (catch_all)) (br $again))))
