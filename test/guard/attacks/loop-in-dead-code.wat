;; Loops in code that is never reached, around one that is.
(module (func (export "run")
  (block $out
    (loop $l
      (block (br 0) (loop (br 0)) (loop $dead (br_if $dead (i32.const 1))))
      (br $l) (loop (br 0))))))
