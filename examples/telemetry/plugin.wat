;; A plugin that does what plugins do: it answers, it traps, it never returns. The telemetry example shows each in spans and metrics.
(module
  (func (export "double") (param $value i32) (result i32)
    (i32.mul (local.get $value) (i32.const 2)))

  (func (export "divide") (param $dividend i32) (param $divisor i32) (result i32)
    (i32.div_s (local.get $dividend) (local.get $divisor)))

  (func (export "spin")
    (loop $forever (br $forever))))
