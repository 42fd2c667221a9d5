;; A loop closed by br_on_null.
(module (func (export "run") (loop $l (drop (br_on_null $l (ref.null func))))))
