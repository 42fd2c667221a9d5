/** What is refused, at which size and with which figures; and what must not be. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { LoadError } from '../../src/errors.ts'
import { type GuardOptions, guard } from '../../src/guard/guard.ts'
import type { Refusal } from '../../src/guard/refuse.ts'
import { CAPS, type Caps } from '../../src/limits.ts'
import type { Writer } from '../../src/wasm/writer.ts'
import { wat } from '../support/wat.ts'
import { build, type Emit, type FunctionSpec, type ModuleSpec, times } from './build.ts'
import { drive } from './drive.ts'

function refusal(bytes: Uint8Array, options?: GuardOptions): LoadError {
  try {
    guard(bytes, options)
  } catch (error) {
    assert.ok(error instanceof LoadError, String(error))
    return error
  }
  return assert.fail('it was accepted')
}

const text = (source: string) => wat(`(module ${source})`)
const nothing: ModuleSpec = { functions: [{}] }
const repeated = (count: number, each: (w: Writer, index: number) => void) => (w: Writer) => {
  w.u32(count)
  times(count, (index) => each(w, index))
}

/** A constant expression of so many bytes: additions of 0, the first of which has zeros to spare. */
function sumOf(size: number): Uint8Array {
  const additions = Math.floor((size - 3) / 3)
  const spare = size - 3 - 3 * additions
  return Uint8Array.of(0x41, ...new Array(spare).fill(0x80), 0, ...new Array(additions).fill([0x41, 0, 0x6a]).flat(), 0x0b)
}

/** For each cap, a module with so much of it, and a cap that is small enough to test; the real one where that is cheap. */
const CAPPED: Readonly<Partial<Record<keyof Caps, { readonly make: (found: number) => Uint8Array; readonly limit?: number; readonly exact?: false }>>> = {
  types: { make: (n) => build({ ...nothing, sections: { 1: repeated(n, (w) => w.bytes(Uint8Array.of(0x60, 0, 0))) } }) },
  imports: { make: (n) => build({ functions: [], sections: { 2: repeated(n, (w) => w.bytes(Uint8Array.of(0, 0, 0, 0))), 7: (w) => w.u32(0) } }) },
  exports: {
    make: (n) =>
      build({
        ...nothing,
        sections: {
          7: repeated(n, (w, index) => {
            w.name(String(index))
            w.u8(0)
            w.u32(0)
          }),
        },
      }),
  },
  globals: { make: (n) => build({ ...nothing, sections: { 6: repeated(n, (w) => w.bytes(Uint8Array.of(0x7f, 0, 0x41, 0, 0x0b))) } }) },
  tables: { make: (n) => build({ ...nothing, sections: { 4: repeated(n, (w) => w.bytes(Uint8Array.of(0x70, 0, 0))) } }) },
  memories: { make: (n) => build({ ...nothing, sections: { 5: repeated(n, (w) => w.bytes(Uint8Array.of(0, 1))) } }) },
  tableElements: {
    make: (n) =>
      build({
        ...nothing,
        sections: {
          4: (w) => {
            w.bytes(Uint8Array.of(1, 0x70, 0))
            w.u32(n)
          },
        },
      }),
  },
  activeData: {
    limit: 1_000,
    make: (n) =>
      build({
        ...nothing,
        sections: {
          5: (w) => w.bytes(Uint8Array.of(1, 0, 1)),
          11: (w) => {
            w.bytes(Uint8Array.of(1, 0, 0x41, 0, 0x0b))
            w.u32(n)
            w.bytes(new Uint8Array(n))
          },
        },
      }),
  },
  tagValues: {
    make: (n) =>
      build({
        types: [
          [[], []],
          [new Array(n).fill('i32'), []],
        ],
        functions: [{}],
        tags: [1],
      }),
  },
  loopNesting: {
    make: (n) =>
      build({
        functions: [
          {
            body: (emit) => {
              times(n, () => emit('loop', 'empty'))
              times(n, () => emit('end'))
            },
          },
        ],
      }),
  },
  functions: { limit: 1_000, make: (n) => build({ functions: new Array<FunctionSpec>(n).fill({}) }) },
  tags: { make: (n) => build({ ...nothing, tags: new Array(n).fill(0) }) },
  elementSegments: {
    make: (n) =>
      build({
        ...nothing,
        sections: { 9: repeated(n, (w) => w.bytes(Uint8Array.of(1, 0, 0))) },
      }),
  },
  exportNames: {
    limit: 1_000,
    // The count, the length of the name, its kind and its index count too
    make: (n) =>
      build({
        ...nothing,
        sections: {
          7: repeated(1, (w) => {
            w.name('x'.repeat(n - 5))
            w.bytes(Uint8Array.of(0, 0))
          }),
        },
      }),
  },
  initialisers: {
    limit: 1_000,
    make: (n) =>
      build({
        ...nothing,
        sections: {
          6: (w) => {
            w.bytes(Uint8Array.of(1, 0x7f, 0))
            w.bytes(sumOf(n))
          },
        },
      }),
  },
  functionSize: { limit: 500, make: (n) => build({ functions: [{ body: (emit) => times(n - 2, () => emit('nop')) }] }) },
  nesting: {
    make: (n) =>
      build({
        functions: [
          {
            body: (emit) => {
              times(n, () => emit('block', 'empty'))
              times(n, () => emit('end'))
            },
          },
        ],
      }),
  },
}

for (const [cap, { make, limit = CAPS[cap as keyof Caps] }] of Object.entries(CAPPED)) {
  test(`caps.${cap}: as much as it says is let through, one more is not`, () => {
    const caps = { [cap]: limit }
    assert.ok(WebAssembly.validate(guard(make(limit), { caps, tableLimit: 1e6 }).bytes))
    const error = refusal(make(limit + 1), { caps, tableLimit: 1e6 })
    assert.equal(error.code, 'limit-exceeded')
    assert.match(error.message, new RegExp(`caps\\.${cap}\``))
    assert.equal(error.figures.limit, limit)
    assert.equal(error.figures.found ?? limit + 1, limit + 1)
    // And an override lets it through
    guard(make(limit + 1), { caps: { [cap]: limit + 1 }, tableLimit: 1e6 })
  })
}

test('a cap that is undefined is as if it were not given', () => {
  const caps = { tables: undefined, growth: undefined } as unknown as Partial<Caps>
  guard(text('(func)'), { caps })
  assert.equal(refusal(text('(table 0 funcref)'.repeat(CAPS.tables + 1)), { caps }).figures.limit, CAPS.tables)
})

test('caps.tableElements: entries of segments count, but of declarative ones', () => {
  const segments = (flags: number[]) =>
    build({
      ...nothing,
      sections: {
        4: (w) => w.bytes(Uint8Array.of(1, 0x70, 0, 10)),
        9: (w) => {
          w.bytes(Uint8Array.of(1, ...flags))
          w.u32(5)
          w.bytes(new Uint8Array(5))
        },
      },
    })
  assert.match(refusal(segments([0, 0x41, 0, 0x0b]), { caps: { tableElements: 4 }, tableLimit: 4 }).message, /start with 10 elements|table elements/)
  assert.match(
    refusal(text('(table 3 funcref) (func $f) (elem (i32.const 0) $f $f $f) (elem (i32.const 0) $f $f)'), { caps: { tableElements: 4 } }).message,
    /5 entries/,
  )
  // V8 unpacks a passive segment at its first `table.init`
  assert.match(refusal(text('(table 3 funcref) (func $f) (elem func $f $f $f) (elem func $f $f)'), { caps: { tableElements: 4 } }).message, /5 entries/)
  guard(text('(table 3 funcref) (func $f) (elem declare func $f $f $f) (elem declare func $f $f)'), { caps: { tableElements: 4 } })
})

test('caps.growth: small modules may grow by any factor, large ones may not', () => {
  const loop = (emit: Emit) => {
    emit('loop', 'empty')
    emit('i32.const', 0)
    emit('br_if', 0)
    emit('end')
  }
  const tiny = (count: number) => build({ functions: new Array(count).fill({ body: loop }) })
  guard(tiny(500))
  const error = refusal(tiny(20_000))
  assert.match(error.message, /caps\.growth/)
  assert.ok((error.figures.found as number) > (error.figures.limit as number))
  guard(tiny(20_000), { caps: { growth: 20 } })
})

test("caps.functionComplexity: the message has the estimate, and the cap can be raised up to V8's own limits", () => {
  const bytes = build({
    functions: [
      {
        locals: [[20_000, 'i32']],
        body: (emit) =>
          times(2_000, () => {
            emit('block', 'empty')
            emit('end')
          }),
      },
    ],
  })
  const error = refusal(bytes)
  assert.match(error.message, /caps\.functionComplexity/)
  guard(bytes, { caps: { functionComplexity: error.figures.found as number } })
})

test('caps.complexity: the functions of a module count together', () => {
  const blocks = (emit: Emit) =>
    times(300, () => {
      emit('block', 'empty')
      emit('end')
    })
  const fn: FunctionSpec = { locals: [[10, 'i32']], body: blocks }
  const bytes = build({ functions: [fn, fn] })
  const { found } = refusal(bytes, { caps: { functionComplexity: 1 } }).figures as { found: number }
  guard(bytes, { caps: { complexity: 2 * found } })
  const error = refusal(bytes, { caps: { complexity: 2 * found - 1 } })
  assert.match(error.message, /caps\.complexity`/)
  assert.equal(error.figures.found, 2 * found)
})

test('caps.calls: those of all functions, of checks and of copied loops count', () => {
  const spin = '(loop $l (br_if $l (i32.const 0)))'
  for (const [body, most] of [
    ['(call $f) (return_call $f)', 2],
    ['(call_indirect (i32.const 0)) (call $f)', 2],
    [spin, 1],
  ] as const) {
    const bytes = text(`(table 1 funcref) (func $f) ${`(func ${body})`.repeat(50)}`)
    const { found } = refusal(bytes, { caps: { calls: 49 * most } }).figures as { found: number }
    assert.ok(found >= 50 * most, body)
    guard(bytes, { caps: { calls: found } })
    assert.match(refusal(bytes, { caps: { calls: found - 1 } }).message, /calls once guarded, above `caps\.calls`/)
  }
})

test('caps.tagValues: a value of 64 or 128 bits counts for two or four', () => {
  guard(text('(tag (param v128 v128 i64 f64 i32 i32 i32 f32))'), { allow: [] })
  assert.match(refusal(text('(tag (param v128 v128 v128 i64 f64 i32))')).message, /values of 17 words/)
})

test("a function whose locals are at V8's limit has no room for those of the guard", () => {
  const locals = (count: number) => build({ functions: [{ locals: [[count, 'i32']] }] })
  assert.ok(WebAssembly.validate(locals(50_000)))
  assert.match(refusal(locals(49_996), { caps: { functionComplexity: 1e9 } }).message, /V8's limit/)
  assert.ok(WebAssembly.validate(guard(locals(49_995), { caps: { functionComplexity: 1e9 } }).bytes))
})

test('handlers that an exception passes one after the other are limited, those that stop it are not', () => {
  const nest = (depth: number, clauses: readonly ('catch' | 'catch_all')[]) =>
    build({
      functions: [
        {
          body: (emit) => {
            emit('block', 'empty')
            times(depth, (at) =>
              emit(
                'try_table',
                'empty',
                clauses.map((kind) => (kind === 'catch' ? { kind, tag: 0, label: at } : { kind, label: at })),
              ),
            )
            times(depth + 1, () => emit('end'))
          },
        },
      ],
      tags: [0],
    })
  guard(nest(4, ['catch']))
  const error = refusal(nest(5, ['catch']))
  assert.equal(error.code, 'limit-exceeded')
  assert.deepEqual(error.figures, { found: 5, limit: 4 })
  guard(nest(500, ['catch_all']))
  guard(nest(500, ['catch', 'catch_all']))
  assert.match(refusal(nest(1, new Array(5).fill('catch'))).message, /5 handlers/)
  const legacy = (depth: number, all: boolean) =>
    build({
      functions: [
        {
          body: (emit) => {
            times(depth, () => emit('try', 'empty'))
            times(depth, () => {
              emit('catch', 0)
              if (all) emit('catch_all')
              emit('end')
            })
          },
        },
      ],
      tags: [0],
    })
  guard(legacy(4, false))
  assert.deepEqual(refusal(legacy(5, false)).figures, { found: 5, limit: 4 })
  guard(legacy(500, true))
})

const TAG_VALUES = new Array(17).fill('(param i32)').join('')
const REFUSED: Readonly<Record<string, readonly [allow: Refusal, source: string, code?: string]>> = {
  'a struct type': ['gc', '(type (struct (field i32)))'],
  'an array type': ['gc', '(type (array (mut i8)))'],
  'a struct type in a group': ['gc', '(rec (type (func)) (type (struct)))'],
  'an exnref in a local': ['exnref', '(func (local exnref))'],
  'a reference of exceptions in a local': ['exnref', '(func (local (ref null exn)))'],
  'an exnref parameter': ['exnref', '(func (param exnref))'],
  'an exnref result': ['exnref', '(func (result exnref) unreachable)'],
  'an imported function that takes one': ['exnref', '(import "m" "f" (func (param exnref)))'],
  'an exnref in a global': ['exnref', '(global exnref (ref.null exn))'],
  'an exnref table': ['exnref', '(table 1 exnref)'],
  'a tag with a reference': ['tags', '(tag (param externref))'],
  'a tag with a function': ['tags', '(tag (param funcref))'],
  'a tag with an exception, to chain them': ['tags', '(tag (param exnref))'],
  'a tag with 17 values': ['tags', `(tag ${TAG_VALUES})`, 'limit-exceeded'],
  'an imported tag': ['tags', '(import "m" "t" (tag))'],
  'a shared memory': ['shared-memory', '(memory 1 2 shared)'],
  'an imported shared memory': ['shared-memory', '(import "m" "m" (memory 1 2 shared))'],
}

for (const [name, [allow, source, code = 'unsupported-feature']] of Object.entries(REFUSED)) {
  test(`refused: ${name}`, () => {
    const error = refusal(text(source))
    assert.equal(error.code, code)
    guard(text(source), { allow: [allow] })
    for (const other of ['gc', 'exnref', 'tags', 'shared-memory'] as const) if (other !== allow) refusal(text(source), { allow: [other] })
  })
}

test('refused because: exceptions that hold exceptions fill the heap beside every memory limit', () => {
  // A small number of them, raw: each holds the one before
  const chain = text(`(tag $t (param exnref)) (global $last (mut exnref) (ref.null exn)) (func (export "run") (param $n i32) (result i32) (local $e exnref)
    (loop $more
      (block $caught (result exnref) (try_table (catch_all_ref $caught) (throw $t (local.get $e))) unreachable)
      (local.set $e)
      (br_if $more (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (global.set $last (local.get $e)) (ref.is_null (local.get $e)))`)
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  // What other tests have left goes first, and is not counted as less
  const held = () => {
    for (let n = 0; n < 4; n++) gc()
    return process.memoryUsage().heapUsed
  }
  const { run } = new WebAssembly.Instance(new WebAssembly.Module(chain)).exports as { run: (count: number) => number }
  // V8 12.4 (Node 22) itself crashes now and then on a chain that is five times as long
  assert.equal(run(20_000), 0)
  const full = held()
  assert.equal(run(1), 0)
  assert.ok(full > held() + 400_000, 'the heap holds them, the memory of the module does not')
  refusal(chain)
})

const ACCEPTED: Readonly<Record<string, string>> = {
  'tests of function types': '(type $f (func)) (elem declare func $g) (func $g (export "run") (type $f) (drop (ref.test (ref $f) (ref.func $g))))',
  i31: '(func (export "run") (drop (i31.get_s (ref.cast (ref i31) (ref.i31 (i32.const 5))))))',
  'groups of function types':
    '(rec (type $a (func (result (ref null $b)))) (type $b (func (result (ref null $a))))) (func (export "run") (local (ref null $a) anyref eqref structref arrayref))',
  'an exception that is passed on': `(tag $t) (func $throws (throw $t))
    (func (export "run") (block $out (block $caught (result exnref) (try_table (catch_all_ref $caught) (call $throws)) (br $out)) (block $again (param exnref) (try_table (param exnref) (catch_all $again) throw_ref) ) ))`,
  'an exception that a block leaves': '(tag $t) (func (export "run") (drop (block $e (result exnref) (try_table (catch_ref $t $e) (throw $t)) unreachable)))',
  'a tag with 16 values': `(tag ${TAG_VALUES.replace('(param i32)', '')}) (func (export "run"))`,
  'atomics on a memory of its own':
    '(memory 1) (func (export "run") (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1))) (i32.atomic.store (i32.const 0) (i32.const 0)))',
}

for (const [name, source] of Object.entries(ACCEPTED)) {
  test(`not refused: ${name}`, () => {
    const bytes = text(source)
    if (!WebAssembly.validate(bytes)) return assert.match(name, /exception/, 'only the oldest engine lacks those')
    const { exports } = drive(bytes)
    assert.doesNotThrow(() => {
      try {
        exports.run()
      } catch (error) {
        if (!(error instanceof WebAssembly.Exception)) throw error
      }
    })
  })
}

test('the guard says no rather than produce what V8 refuses', () => {
  const many = (id: number, each: Uint8Array, count: number) => build({ ...nothing, sections: { [id]: repeated(count, (w) => w.bytes(each)) } })
  const types = build({ functions: [{}], sections: { 1: repeated(1_000_000, (w) => w.bytes(Uint8Array.of(0x60, 0, 0))) } })
  assert.ok(WebAssembly.validate(types))
  assert.match(refusal(types, { caps: { types: 1e9 } }).message, /1000004 types once guarded/)
  assert.match(refusal(many(6, Uint8Array.of(0x7f, 0, 0x41, 0, 0x0b), 1_000_000), { caps: { globals: 1e9 } }).message, /1000001 globals/)
})

test('a body that only just fits V8 as it is does not fit guarded', () => {
  const body = (emit: Emit) => {
    emit('loop', 'empty')
    times(7_654_300, () => emit('nop'))
    emit('br', 0)
    emit('end')
  }
  const bytes = build({ functions: [{ body }] })
  assert.ok(WebAssembly.validate(bytes))
  assert.match(refusal(bytes, { caps: { functionSize: 1e9 } }).message, /V8's limit/)
})
