;; A loop whose body is only a call_ref of a function too small for a check.
(module (type $f (func)) (elem declare func $small)
  (func $small (type $f)) (func (export "run") (loop $l (call_ref $f (ref.func $small)) (br $l))))
