;; A loop whose body is only a call of a function too small for a check of its own.
(module (func $small) (func (export "run") (loop $l (call $small) (br $l))))
