;; Catches whatever comes, a stop too if it could, and goes on.
(module (func (export "run")
  (loop $again (block $caught (try_table (catch_all $caught) (loop (br 0)))) (br $again))))
