;; Reads 16 MiB page by page, so that the kernel's page of zeros is mapped there, and then writes them, so that each is replaced.
(module (memory 256)
  (func (export "run") (local $at i32)
    (loop $l
      (drop (i32.load8_u (local.get $at)))
      (br_if $l (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 4096))) (i32.const 16777216))))
    (loop $again
      (local.set $at (i32.const 0))
      (loop $l
        (i32.store8 (local.get $at) (i32.const 1))
        (br_if $l (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 4096))) (i32.const 16777216))))
      (br $again))))
