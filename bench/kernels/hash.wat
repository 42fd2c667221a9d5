;; Memory-heavy: xxHash's 32-bit rounds over 1 MiB, sixteen bytes an iteration.
(module
  (memory 16)

  (func $round (param $lane i32) (param $word i32) (result i32)
    (i32.mul
      (i32.rotl
        (i32.add (local.get $lane) (i32.mul (local.get $word) (i32.const 0x85ebca77)))
        (i32.const 13))
      (i32.const 0x9e3779b1)))

  (func $pass (param $seed i32) (result i32)
    (local $at i32)
    (local $a i32)
    (local $b i32)
    (local $c i32)
    (local $d i32)
    (local.set $a (i32.add (local.get $seed) (i32.const 0x24234428)))
    (local.set $b (i32.add (local.get $seed) (i32.const 0x85ebca77)))
    (local.set $c (local.get $seed))
    (local.set $d (i32.sub (local.get $seed) (i32.const 0x9e3779b1)))
    (loop $next
      (local.set $a (call $round (local.get $a) (i32.load (local.get $at))))
      (local.set $b (call $round (local.get $b) (i32.load offset=4 (local.get $at))))
      (local.set $c (call $round (local.get $c) (i32.load offset=8 (local.get $at))))
      (local.set $d (call $round (local.get $d) (i32.load offset=12 (local.get $at))))
      (br_if $next
        (i32.lt_u
          (local.tee $at (i32.add (local.get $at) (i32.const 16)))
          (i32.const 0x100000))))
    (i32.xor (i32.xor (local.get $a) (local.get $b)) (i32.xor (local.get $c) (local.get $d))))

  (func (export "run") (result i32)
    (local $left i32)
    (local $hash i32)
    (local.set $left (i32.const 40))
    (loop $again
      (local.set $hash (call $pass (local.get $hash)))
      (i32.store (i32.shl (local.get $left) (i32.const 2)) (local.get $hash))
      (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (local.get $hash)))
