;; Catches with a reference and throws that on, for ever.
(module (tag $t)
  (func (export "run")
    (loop $again
      (block $done
        (block $ref (result exnref) (try_table (catch_all_ref $ref) (throw $t)) unreachable)
        (block (param exnref) (try_table (param exnref) (catch_all $done) (throw_ref))))
      (br $again))))
