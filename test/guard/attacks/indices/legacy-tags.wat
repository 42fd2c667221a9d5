;; Names tags past the last of its own, in the older instructions.
(module (tag $a) (tag $b)
  (func (export "run") (loop (try (do (throw (;@;)1)) (catch (;@;)1 (br_if 1 (i32.const 0)))))))
