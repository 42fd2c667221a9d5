;; Two loops in a row, each of one round, within a third: no back edge but the outermost is taken twice in a row.
(module (func (export "run") (local $n i32)
  (loop $again
    (loop $a (br_if $a (i32.eqz (local.tee $n (i32.xor (local.get $n) (i32.const 1))))))
    (loop $b (br_if $b (i32.eqz (local.tee $n (i32.xor (local.get $n) (i32.const 1))))))
    (br $again))))
