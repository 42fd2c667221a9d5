;; A plugin that never gives the thread back: it mixes a 64 KiB buffer for ever and, should anything throw, catches it and goes on.
;; The example runs it beside well-behaved work to show that a deadline ends it.
(module
  (memory (export "memory") 1)

  ;; One FNV-1a step over each byte of the buffer, written back over it.
  (func $mix (param $hash i32) (result i32)
    (local $address i32)
    (loop $byte
      (local.set $hash
        (i32.mul
          (i32.xor (local.get $hash) (i32.load8_u (local.get $address)))
          (i32.const 16777619)))
      (i32.store8 (local.get $address) (local.get $hash))
      (br_if $byte
        (i32.lt_u
          (local.tee $address (i32.add (local.get $address) (i32.const 1)))
          (i32.const 65536))))
    (local.get $hash))

  (func (export "run") (result i32)
    (local $hash i32)
    (local.set $hash (i32.const 0x811c9dc5))
    (loop $again
      (block $caught
        (try_table (catch_all $caught)
          (loop $forever
            (local.set $hash (call $mix (local.get $hash)))
            (br $forever))))
      (br $again))
    (local.get $hash)))
