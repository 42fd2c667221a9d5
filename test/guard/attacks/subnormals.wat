;; Arithmetic on subnormal numbers, which some processors do in microcode.
(module (func (export "run") (local $a f64) (local $b f64)
  (local.set $a (f64.const 1e-310))
  (loop $l
    (local.set $b (f64.mul (local.get $a) (f64.const 0.5)))
    (local.set $a (f64.add (local.get $b) (f64.mul (local.get $a) (f64.const 0.5))))
    (br $l))))
