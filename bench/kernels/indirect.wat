;; Indirect calls: four small functions in a table, one after another by a number that only the run knows.
(module
  (type $step (func (param i32) (result i32)))
  (table 4 4 funcref)
  (elem (i32.const 0) $add $mix $turn $flip)

  (func $add (type $step) (i32.add (local.get 0) (i32.const 0x9e3779b9)))
  (func $mix (type $step) (i32.mul (local.get 0) (i32.const 0x85ebca6b)))
  (func $turn (type $step) (i32.rotl (local.get 0) (i32.const 7)))
  (func $flip (type $step) (i32.xor (local.get 0) (i32.shr_u (local.get 0) (i32.const 15))))

  (func (export "run") (result i32)
    (local $left i32)
    (local $state i32)
    (local.set $left (i32.const 2000000))
    (local.set $state (i32.const 1))
    (loop $next
      (local.set $state
        (call_indirect (type $step) (local.get $state) (i32.and (local.get $state) (i32.const 3))))
      (local.set $state (i32.add (local.get $state) (local.get $left)))
      (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (local.get $state)))
