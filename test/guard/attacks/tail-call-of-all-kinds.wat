;; A cycle that goes round by return_call, return_call_indirect and return_call_ref in turn.
(module (type $f (func)) (table funcref (elem $c)) (elem declare func $a)
  (func $a (export "run") (type $f) (return_call $b))
  (func $b (type $f) (return_call_indirect (type $f) (i32.const 0)))
  (func $c (type $f) (return_call_ref $f (ref.func $a))))
