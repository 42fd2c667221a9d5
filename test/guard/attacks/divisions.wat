;; The slowest arithmetic: divisions of 64 bits that depend on each other.
(module (func (export "run") (local $n i64)
  (local.set $n (i64.const -1))
  (loop $l
    (local.set $n (i64.or (i64.div_u (i64.const -1) (i64.or (local.get $n) (i64.const 3))) (i64.const 0x7000000000000001)))
    (br $l))))
