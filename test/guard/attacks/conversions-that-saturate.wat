;; Conversions between floats and integers, which are several instructions and branches each.
(module (func (export "run") (local $x f64)
  (local.set $x (f64.const 1e30))
  (loop $l
    (local.set $x (f64.add (f64.convert_i64_u (i64.trunc_sat_f64_u (local.get $x))) (f64.convert_i32_u (i32.trunc_sat_f64_s (local.get $x)))))
    (br $l))))
