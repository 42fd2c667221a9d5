;; A loop whose body is only a call_indirect of functions too small for a check, another each time.
(module (type $f (func (param i32) (result i32))) (table funcref (elem $a $b $c $d))
  (func $a (type $f) (i32.add (local.get 0) (i32.const 1))) (func $b (type $f) (i32.add (local.get 0) (i32.const 5)))
  (func $c (type $f) (i32.add (local.get 0) (i32.const 3))) (func $d (type $f) (i32.add (local.get 0) (i32.const 2)))
  (func (export "run") (local $n i32)
    (loop $l (local.set $n (call_indirect (type $f) (local.get $n) (i32.and (local.get $n) (i32.const 3)))) (br $l))))
