;; An exponential tree of calls, without any loop: 2^40 of them.
(module
  (func $f1 (call $f2) (call $f2)) (func $f2 (call $f3) (call $f3)) (func $f3 (call $f4) (call $f4)) (func $f4 (call $f5) (call $f5))
  (func $f5 (call $f6) (call $f6)) (func $f6 (call $f7) (call $f7)) (func $f7 (call $f8) (call $f8)) (func $f8 (call $f9) (call $f9))
  (func $f9 (call $g1) (call $g1) (call $g1) (call $g1))
  (func $g1 (call $g2) (call $g2) (call $g2) (call $g2)) (func $g2 (call $g3) (call $g3) (call $g3) (call $g3))
  (func $g3 (call $g4) (call $g4) (call $g4) (call $g4)) (func $g4 (call $g5) (call $g5) (call $g5) (call $g5))
  (func $g5 (call $g6) (call $g6) (call $g6) (call $g6)) (func $g6 (call $g7) (call $g7) (call $g7) (call $g7))
  (func $g7 (call $g8) (call $g8) (call $g8) (call $g8)) (func $g8 (call $g9) (call $g9) (call $g9) (call $g9))
  (func $g9 (call $h1) (call $h1) (call $h1) (call $h1)) (func $h1 (call $h2) (call $h2) (call $h2) (call $h2))
  (func $h2 (call $h3) (call $h3) (call $h3) (call $h3)) (func $h3 (call $h4) (call $h4) (call $h4) (call $h4)) (func $h4)
  (func (export "run") (call $f1)))
