;; Throws and catches in a loop that closes through the handler alone.
(module (tag $t) (func (export "run") (loop $again (try_table (catch $t $again) (throw $t)))))
