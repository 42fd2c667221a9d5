;; Names tags past the last of its own.
(module (tag $a) (tag $b)
  (func (export "run")
    (block $caught (try_table (catch (;@;)1 $caught) (throw (;@;)1))))
  (export "b" (tag (;@;)1)))
