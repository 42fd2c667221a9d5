;; Endless recursion in which each frame swallows the overflow below and recurs again: a tree as deep as the stack.
(module
  (func $deep (block $caught (try_table (catch_all $caught) (call $deep))) (call $deep))
  (func (export "run") (loop $again (block $caught (try_table (catch_all $caught) (call $deep))) (br $again))))
