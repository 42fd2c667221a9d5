;; A start function that never ends.
(module (func $run (loop (br 0))) (start $run))
