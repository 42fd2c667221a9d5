;; Atomic operations and fences, on a memory that is not shared.
(module (memory 1)
  (func (export "run")
    (loop
      (drop (i64.atomic.rmw.cmpxchg (i32.const 8) (i64.const 0) (i64.const 1)))
      (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
      (drop (memory.atomic.notify (i32.const 0) (i32.const -1)))
      (atomic.fence)
      (br 0))))
