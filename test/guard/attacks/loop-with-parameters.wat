;; A loop whose state lives on the operand stack alone, with an if whose branch is the back edge.
(module (func (export "run")
  (i32.const 1)
  (loop $l (param i32)
    (if (param i32) (i32.const 1) (then (br $l)) (else drop)))))
