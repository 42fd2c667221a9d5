;; Each handler gets a reference to the exception, drops it, and jumps back.
(module (tag $t)
  (func (export "run")
    (loop $again
      (block $caught (result exnref) (try_table (catch_ref $t $caught) (throw $t)) unreachable)
      drop
      (br $again))))
