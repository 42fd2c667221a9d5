/** What memories and tables may grow to. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LoadError } from '../../src/errors.ts'
import { type GuardOptions, guard } from '../../src/guard/guard.ts'
import { wat } from '../support/wat.ts'
import { drive } from './drive.ts'

const PAGE = 65_536
const maxima = (source: string, options: GuardOptions) => guard(wat(`(module ${source})`), options).report.maxima

test('one memory gets the whole limit, or what it asks for', () => {
  assert.deepEqual(maxima('(memory 1)', { memoryLimit: 10 * PAGE }).memories, [10n])
  assert.deepEqual(maxima('(memory 1 5)', { memoryLimit: 10 * PAGE }).memories, [5n])
  assert.deepEqual(maxima('(memory 1 50)', { memoryLimit: 10 * PAGE }).memories, [10n])
  assert.deepEqual(maxima('(memory 0 0)', { memoryLimit: 0 }).memories, [0n])
})

test('a limit that is no whole number of pages is rounded down', () => {
  assert.deepEqual(maxima('(memory 1)', { memoryLimit: 3 * PAGE - 1 }).memories, [2n])
})

test('several share, and what one cannot use goes to the others', () => {
  assert.deepEqual(maxima('(memory 1) (memory 1)', { memoryLimit: 10 * PAGE }).memories, [5n, 5n])
  assert.deepEqual(maxima('(memory 1 2) (memory 1)', { memoryLimit: 10 * PAGE }).memories, [2n, 8n])
  assert.deepEqual(maxima('(memory 4) (memory 1 1) (memory 1)', { memoryLimit: 10 * PAGE }).memories, [6n, 1n, 3n])
  assert.deepEqual(maxima('(table 1 funcref) (table 1 funcref) (table 1 externref)', { tableLimit: 6 }).tables, [2n, 2n, 2n])
})

test('the sum never exceeds the limit, and none gets less than its minimum', () => {
  for (let seed = 1; seed < 200; seed++) {
    const declared = Array.from({ length: 1 + (seed % 4) }, (_, index) => ({ minimum: (seed * (index + 3)) % 11, more: (seed * (index + 5)) % 17 }))
    const sum = declared.reduce((total, { minimum }) => total + minimum, 0)
    const limit = sum + (seed % 13)
    const source = declared.map(({ minimum, more }) => `(memory ${minimum} ${more > 12 ? '' : minimum + more})`).join(' ')
    const given = maxima(source, { memoryLimit: limit * PAGE }).memories.map(Number)
    assert.ok(given.reduce((total, each) => total + each, 0) <= limit, `${source} in ${limit}: ${given}`)
    for (const [index, { minimum }] of declared.entries()) assert.ok((given[index] as number) >= minimum)
  }
})

test('what starts above the limit is refused, with both figures', () => {
  for (const [source, options, figures] of [
    ['(memory 3)', { memoryLimit: 2 * PAGE }, { needed: 3 * PAGE, limit: 2 * PAGE }],
    ['(memory 1) (memory i64 2)', { memoryLimit: 2 * PAGE }, { needed: 3 * PAGE, limit: 2 * PAGE }],
    ['(import "m" "m" (memory 3))', { memoryLimit: 2 * PAGE }, { needed: 3 * PAGE, limit: 2 * PAGE }],
    ['(table 5 funcref) (table 6 externref)', { tableLimit: 10 }, { needed: 11, limit: 10 }],
  ] as const)
    assert.throws(
      () => guard(wat(`(module ${source})`), options),
      (error) => {
        assert.ok(error instanceof LoadError)
        assert.equal(error.code, 'limit-exceeded')
        assert.deepEqual(error.figures, figures)
        assert.match(error.message, /memoryLimit|tableLimit/)
        return true
      },
    )
})

test('growing stops at the limit, for memories and tables of either address type', (t) => {
  const source = (index: string) => `(memory ${index} 1) (table ${index} 1 funcref)
    (func (export "memory") (param ${index || 'i32'}) (result ${index || 'i32'}) (memory.grow (local.get 0)))
    (func (export "table") (param ${index || 'i32'}) (result ${index || 'i32'}) (table.grow (ref.null func) (local.get 0)))`
  for (const index of ['', 'i64']) {
    const bytes = wat(`(module ${source(index)})`)
    if (!WebAssembly.validate(bytes)) {
      t.diagnostic('this engine has no tables with 64-bit addresses')
      continue
    }
    const { exports } = drive(bytes, { memoryLimit: 4 * PAGE, tableLimit: 3 })
    const number = (value: number) => (index === 'i64' ? BigInt(value) : value)
    assert.deepEqual(exports.memory(number(4)), number(-1))
    assert.deepEqual(exports.memory(number(3)), number(1))
    assert.deepEqual(exports.memory(number(1)), number(-1))
    assert.deepEqual(exports.table(number(3)), number(-1))
    assert.deepEqual(exports.table(number(2)), number(1))
  }
})

test('an import has to keep to the limit too', () => {
  const bytes = wat('(module (import "m" "memory" (memory 1)) (func (export "run")))')
  const { bytes: guarded } = guard(bytes, { memoryLimit: 4 * PAGE })
  const link = (memory: WebAssembly.Memory) => new WebAssembly.Instance(new WebAssembly.Module(guarded), { m: { memory } })
  link(new WebAssembly.Memory({ initial: 1, maximum: 4 }))
  assert.throws(() => link(new WebAssembly.Memory({ initial: 1 })), WebAssembly.LinkError)
  assert.throws(() => link(new WebAssembly.Memory({ initial: 1, maximum: 5 })), WebAssembly.LinkError)
})

test('limits without bound leave what the engine can do', () => {
  const { memories, tables } = maxima('(memory 1) (memory i64 1) (table 1 funcref) (table i64 1 funcref)', {
    memoryLimit: Number.MAX_SAFE_INTEGER,
    tableLimit: Number.MAX_SAFE_INTEGER,
  })
  assert.equal(memories[0], 65_536n)
  assert.equal(memories[1], 262_144n)
  assert.equal(tables[0], 2n ** 32n - 1n)
})
