;; A start function that is exported as well, under the name that the guard would give it.
(module (func $run (export "curfew.start") (loop (br 0))) (start $run))
