;; A tree of call_refs of whatever an exported global holds, which no element segment and no ref.func in a body names.
(module (type $f (func (param i32))) (global $g (export "g") (mut (ref null $f)) (ref.func $go))
  (func $go (export "go") (type $f)
    (if (i32.eqz (local.get 0)) (then (return)))
    (call_ref $f (i32.sub (local.get 0) (i32.const 1)) (global.get $g))
    (call_ref $f (i32.sub (local.get 0) (i32.const 1)) (global.get $g)))
  (func (export "run") (call_ref $f (i32.const 40) (global.get $g))))
