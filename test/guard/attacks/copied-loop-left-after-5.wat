;; A light inner loop, of those that are written out several times with one check for all, is left each time after 5 rounds.
(module (func (export "run") (local $n i32)
  (loop $again
    (local.set $n (i32.const 5))
    (loop $light (br_if $light (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (br $again))))
