;; Endless recursion whose overflow is swallowed by its outermost caller, which begins again.
(module
  (func $deep (call $deep) (call $deep))
  (func (export "run") (loop $again (block $caught (try_table (catch_all $caught) (call $deep))) (br $again))))
