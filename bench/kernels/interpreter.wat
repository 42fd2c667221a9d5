;; An interpreter: bytecode for a stack machine in memory, a jump table, one loop. The program sums the squares below 200,000.
(module
  (memory 1)
  ;; 0 push <i32>  1 load <slot>  2 store <slot>  3 add  4 multiply  5 less  6 jump-if <offset>  7 end
  (data (i32.const 0)
    "\00\00\00\00\00\02\00"                   ;; i = 0
    "\00\00\00\00\00\02\01"                   ;; sum = 0
    "\01\01\01\00\01\00\04\03\02\01"          ;; 14: sum = sum + i * i
    "\01\00\00\01\00\00\00\03\02\00"          ;; i = i + 1
    "\01\00\00\40\0d\03\00\05\06\0e"          ;; if i < 200,000 go to 14
    "\01\01\07")

  (func (export "run") (result i32)
    (local $pc i32)
    (local $sp i32)
    (local.set $sp (i32.const 1024))
    (loop $next
      (block $end
        (block $jump_if
          (block $less
            (block $multiply
              (block $add
                (block $store
                  (block $load
                    (block $push
                      (br_table $push $load $store $add $multiply $less $jump_if $end (i32.load8_u (local.get $pc))))
                    (i32.store (local.get $sp) (i32.load offset=1 (local.get $pc)))
                    (local.set $sp (i32.add (local.get $sp) (i32.const 4)))
                    (local.set $pc (i32.add (local.get $pc) (i32.const 5)))
                    (br $next))
                  (i32.store (local.get $sp) (i32.load offset=512 (i32.shl (i32.load8_u offset=1 (local.get $pc)) (i32.const 2))))
                  (local.set $sp (i32.add (local.get $sp) (i32.const 4)))
                  (local.set $pc (i32.add (local.get $pc) (i32.const 2)))
                  (br $next))
                (local.set $sp (i32.sub (local.get $sp) (i32.const 4)))
                (i32.store offset=512 (i32.shl (i32.load8_u offset=1 (local.get $pc)) (i32.const 2)) (i32.load (local.get $sp)))
                (local.set $pc (i32.add (local.get $pc) (i32.const 2)))
                (br $next))
              (local.set $sp (i32.sub (local.get $sp) (i32.const 4)))
              (i32.store (i32.sub (local.get $sp) (i32.const 4))
                (i32.add (i32.load (i32.sub (local.get $sp) (i32.const 4))) (i32.load (local.get $sp))))
              (local.set $pc (i32.add (local.get $pc) (i32.const 1)))
              (br $next))
            (local.set $sp (i32.sub (local.get $sp) (i32.const 4)))
            (i32.store (i32.sub (local.get $sp) (i32.const 4))
              (i32.mul (i32.load (i32.sub (local.get $sp) (i32.const 4))) (i32.load (local.get $sp))))
            (local.set $pc (i32.add (local.get $pc) (i32.const 1)))
            (br $next))
          (local.set $sp (i32.sub (local.get $sp) (i32.const 4)))
          (i32.store (i32.sub (local.get $sp) (i32.const 4))
            (i32.lt_u (i32.load (i32.sub (local.get $sp) (i32.const 4))) (i32.load (local.get $sp))))
          (local.set $pc (i32.add (local.get $pc) (i32.const 1)))
          (br $next))
        (local.set $sp (i32.sub (local.get $sp) (i32.const 4)))
        (if (i32.load (local.get $sp))
          (then (local.set $pc (i32.load8_u offset=1 (local.get $pc))))
          (else (local.set $pc (i32.add (local.get $pc) (i32.const 2)))))
        (br $next)))
    (i32.load (i32.sub (local.get $sp) (i32.const 4)))))
