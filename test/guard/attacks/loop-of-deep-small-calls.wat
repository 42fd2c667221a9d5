;; A loop that calls a small function, that calls a small function, and so on for ten levels.
(module
  (func $a (call $b)) (func $b (call $c)) (func $c (call $d)) (func $d (call $e)) (func $e (call $f))
  (func $f (call $g)) (func $g (call $h)) (func $h (call $i)) (func $i (call $j)) (func $j)
  (func (export "run") (loop $l (call $a) (br $l))))
