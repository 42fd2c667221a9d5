;; A cycle of return_call_ref.
(module (type $f (func)) (elem declare func $ping $pong)
  (func $ping (export "run") (return_call_ref $f (ref.func $pong)))
  (func $pong (return_call_ref $f (ref.func $ping))))
