;; A loop whose back edge is one target of a br_table among others.
(module (func (export "run") (local $n i32)
  (loop $l (block $a (block $b
    (br_table $a $l $b $l (i32.or (i32.and (local.tee $n (i32.add (local.get $n) (i32.const 2))) (i32.const 2)) (i32.const 1))))))))
