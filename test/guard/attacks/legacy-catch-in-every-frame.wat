;; The same with the older exception instructions.
(module
  (func $deep (param i32)
    (try
      (do
        (if (i32.eqz (local.get 0)) (then (loop (br 0))))
        (call $deep (i32.sub (local.get 0) (i32.const 1))))
      (catch_all (call $deep (i32.const 100)))))
  (func (export "run") (loop $again (try (do (call $deep (i32.const 100))) (catch_all)) (br $again))))
