;; One br_table whose targets are the headers of four loops around it, in turn.
(module (func (export "run") (local $n i32)
  (loop $a (loop $b (loop $c (loop $d
    (local.set $n (i32.add (local.get $n) (i32.const 1)))
    (br_table $a $b $c $d (i32.and (local.get $n) (i32.const 3)))))))))
