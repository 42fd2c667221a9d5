;; A start function that tail-calls itself.
(module (func $run (return_call $run)) (start $run))
