;; A jump from the innermost of eight loops to the outermost: no other loop ever goes round.
(module (func (export "run")
  (loop $out (loop (loop (loop (loop (loop (loop (loop (br $out)))))))))))
