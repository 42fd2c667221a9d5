;; A function that tail-calls itself.
(module (func $run (export "run") (return_call $run)))
