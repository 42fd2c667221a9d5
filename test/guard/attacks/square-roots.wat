;; The slowest arithmetic on vectors: square roots and divisions that depend on each other.
(module (func (export "run") (local $v v128)
  (local.set $v (v128.const f64x2 1e300 1e-300))
  (loop $l
    (local.set $v (f64x2.div (f64x2.sqrt (f64x2.sqrt (local.get $v))) (v128.const f64x2 1.0000001 0.9999999)))
    (br $l))))
