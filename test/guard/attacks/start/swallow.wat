;; A start function that catches whatever comes and goes on.
(module (func $run (loop $again (block $caught (try_table (catch_all $caught) (loop (br 0)))) (br $again))) (start $run))
