;; A loop closed by a br_on_cast_fail that always fails.
(module (type $f (func)) (type $other (func (param i32))) (elem declare func $run)
  (func $run (export "run") (type $f)
    (ref.func $run)
    (loop $l (param funcref) (br_on_cast_fail $l funcref (ref $other)) drop)))
