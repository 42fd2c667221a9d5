;; Catches whatever comes by reference, a stop too if it could, and throws it on into a handler that goes on.
(module
  (func (export "run")
    (loop $again
      (block $out
        (try_table (catch_all $out)
          (block $caught (result exnref) (try_table (catch_all_ref $caught) (loop (br 0))) unreachable)
          throw_ref))
      (br $again))))
