;; A loop closed by br_on_cast.
(module (type $f (func)) (elem declare func $run)
  (func $run (export "run") (type $f)
    (ref.func $run)
    (loop $l (param funcref) (br_on_cast $l funcref (ref $f)) drop)))
