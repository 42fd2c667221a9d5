/** The oracles notice what is wrong: each of the guards in `oracles/broken.ts` fails on a module that shows it, and the real one does not. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LoadError } from '../../src/errors.ts'
import { wat } from '../support/wat.ts'
import { VARIANTS as BROKEN } from './oracles/broken.ts'
import type { FailureKind } from './oracles/failure.ts'
import { judge } from './oracles/judge.ts'
import { VARIANTS } from './oracles/variants.ts'

const SHOWN: readonly (readonly [variant: string, kind: FailureKind, text: string])[] = [
  ['subtracts in place of adding', 'behaves differently', '(module (func (export "f") (param i32) (result i32) (i32.add (local.get 0) (i32.const 7))))'],
  [
    'subtracts in place of adding',
    'ends in another state',
    '(module (global (export "g") (mut i32) (i32.const 0)) (func (export "f") (global.set 0 (i32.add (i32.const 1) (i32.const 7)))))',
  ],
  ['swallows a trap', 'behaves differently', '(module (func (export "f") (drop (i32.div_u (i32.const 1) (i32.const 0)))))'],
  ['stores one byte further', 'ends in another state', '(module (memory 1) (func (export "f") (i32.store (i32.const 8) (i32.const -1))))'],
  ['stores one byte further', 'ends in another state', '(module (import "m" "m" (memory 1 2)) (func (export "f") (i32.store (i32.const 8) (i32.const -1))))'],
  ['forgets an exception', 'behaves differently', '(module (tag (export "t") (param i32)) (func (export "f") (throw 0 (i32.const 5))))'],
  [
    'does not guard',
    'works on without asking',
    '(module (func (export "f") (local i32) (local.set 0 (i32.const 100000)) (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))',
  ],
  ['goes on for a while when told to stop', 'goes on after a stop', '(module (func (export "f") (loop (br 0))))'],
  [
    'goes on for a while when told to stop',
    'is not stopped',
    '(module (func (export "f") (local i32) (loop (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 5))))))',
  ],
  [
    'grants more than it says',
    'works on without asking',
    '(module (func (export "f") (local i32) (local.set 0 (i32.const 100000)) (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))',
  ],
  ['refuses what is valid', 'a valid module is refused as invalid', '(module)'],
  ['fails', 'the guard fails', '(module)'],
  ['makes it invalid', 'a valid module becomes invalid', '(module (func))'],
  ['makes anything valid', 'an invalid module becomes valid', '(module (func i32.add))'],
  ['is not the same twice', 'is guarded differently the second time', '(module (func))'],
  ['writes into its input', 'the guard writes into its input', '(module (func))'],
]

/** Which oracles look, and at what, depends on the seed. */
const SEEDS = 8

for (const [name, kind, text] of SHOWN) {
  test(`a guard that ${name}: ${kind}`, () => {
    const variants = BROKEN.filter((variant) => variant.name === name)
    const kinds = (of: typeof variants | typeof VARIANTS, seeds: number) =>
      Array.from({ length: seeds }, (_, seed) => judge(wat(text), seed, of).failures.map((failure) => failure.kind)).flat()
    assert.ok(kinds(variants, SEEDS).includes(kind), `found: ${[...new Set(kinds(variants, SEEDS))].join(', ') || 'nothing'}`)
    assert.deepEqual(kinds(VARIANTS, 1), [])
  })
}

test('what V8 accepts and the specification does not may be refused, and nothing else', () => {
  const refuses = (what: string): typeof VARIANTS => [
    {
      ...(BROKEN[0] as (typeof BROKEN)[number]),
      prepare: () => {
        throw new LoadError('malformed', what)
      },
    },
  ]
  const kinds = (what: string) => judge(wat('(module (type (struct)))'), 1, refuses(what)).failures.map(({ kind }) => kind)
  assert.deepEqual(kinds('label 4294967295 is outside the 4 blocks that are open'), [])
  assert.ok(kinds('label 4 is outside the 4 blocks that are open').includes('a valid module is refused as invalid'))
})

test('every broken guard is shown', () => {
  assert.deepEqual(
    BROKEN.map(({ name }) => name).filter((name) => !SHOWN.some(([shown]) => shown === name)),
    [],
  )
})

test('a step that overflows the stack is left out, the others are compared', () => {
  const text = '(module (func (export "down") (result i32) (i32.add (i32.const 1) (call 0))) (func (export "f") (result i32) (i32.const 5)))'
  const { failures, counts, compared } = judge(wat(text), 1, VARIANTS.slice(0, 1))
  assert.deepEqual(failures, [])
  assert.ok(compared)
  assert.ok(counts.left['stack overflow'] + counts.left.stopped > 0)
  assert.ok(counts.calls > 0)
})
