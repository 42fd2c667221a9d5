import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DECLARED, functionType, parseModule } from '../../src/wasm/module.ts'
import { EXTERNREF, FUNCREF, formatFuncType, refType } from '../../src/wasm/types.ts'
import { Writer } from '../../src/wasm/writer.ts'
import { wat } from '../support/wat.ts'
import { decodeAll, pseudoRandom, refusal, sections } from './decode.ts'

const EVERYTHING = `(module
  (type $sig (func (param i32 i64) (result f32)))
  (rec (type $node (sub (struct (field (mut (ref null $node))) (field i8)))) (type $leaf (sub final $node (struct (field (mut (ref null $node))) (field i8)))))
  (type $bytes (array (mut i8)))
  (import "env" "log" (func $log (param i32)))
  (import "env" "memory" (memory 1 10))
  (import "env" "table" (table 2 externref))
  (import "env" "base" (global i32))
  (memory $own i64 2)
  (table $own 3 30 funcref)
  (tag $oops (param i32))
  (global $count (mut i64) (i64.const -5))
  (global $sum i32 (i32.add (global.get 0) (i32.const 1)))
  (export "run" (func $run))
  (export "count" (global $count))
  (start $main)
  (elem (table $own) (i32.const 1) func $run)
  (elem declare func $main)
  (data (memory $own) (i64.const 8) "hello")
  (data $later "bye")
  (func $main)
  (func $run (param i32 i64) (result f32) (local f64 f64)
    (ref.func $main) drop (memory.init $own $later (i64.const 0) (i32.const 0) (i32.const 3))
    (f32.const 1)))`

test('types, imports, exports, memories, tables and globals are data', () => {
  const module = decodeAll(wat(EVERYTHING))
  assert.deepEqual(
    module.types.slice(0, 4).map(({ kind, final, supertypes, groupStart, groupSize }) => [kind, final, supertypes, groupStart, groupSize]),
    [
      ['func', true, [], 0, 1],
      ['struct', false, [], 1, 2],
      ['struct', true, [1], 1, 2],
      ['array', true, [], 3, 1],
    ],
  )
  const node = module.types[1]
  assert.ok(node?.kind === 'struct')
  assert.deepEqual(node.fields, [
    { type: refType(true, 1), mutable: true },
    { type: 'i8', mutable: false },
  ])
  assert.deepEqual(
    module.imports.map(({ module: from, name, kind, index }) => [from, name, kind, index]),
    [
      ['env', 'log', 'function', 0],
      ['env', 'memory', 'memory', 0],
      ['env', 'table', 'table', 0],
      ['env', 'base', 'global', 0],
    ],
  )
  assert.deepEqual([module.importedFunctions, module.importedMemories, module.importedTables, module.importedGlobals, module.importedTags], [1, 1, 1, 1, 0])
  assert.equal(formatFuncType(functionType(module, 2)), '(i32, i64) -> f32')
  assert.throws(() => functionType(module, 3), /no function has index 3/)
  assert.deepEqual(module.memories, [
    { limits: { minimum: 1n, maximum: 10n, shared: false, address: 'i32' } },
    { limits: { minimum: 2n, maximum: undefined, shared: false, address: 'i64' } },
  ])
  assert.deepEqual(module.tables, [
    { element: EXTERNREF, limits: { minimum: 2n, maximum: undefined, shared: false, address: 'i32' } },
    { element: FUNCREF, limits: { minimum: 3n, maximum: 30n, shared: false, address: 'i32' } },
  ])
  assert.deepEqual(
    module.globals.map(({ type, mutable }) => [type, mutable]),
    [
      ['i32', false],
      ['i64', true],
      ['i32', false],
    ],
  )
  assert.deepEqual(
    module.globalInitialisers.map(({ value }) => value),
    [-5n, undefined],
  )
  assert.deepEqual(
    module.exports.map(({ name, kind, index }) => [name, kind, index]),
    [
      ['run', 'function', 2],
      ['count', 'global', 1],
    ],
  )
  assert.equal(module.start, 1)
  assert.equal(module.bytes[module.startOffset], 1)
  assert.deepEqual(
    module.elements.map(({ mode, table, count, address }) => [mode, table, count, address?.value]),
    [
      ['active', 1, 1, 1n],
      ['declarative', 0, 1, undefined],
    ],
  )
  assert.deepEqual(
    module.data.map(({ mode, memory, size, address }) => [mode, memory, size, address?.value]),
    [
      ['active', 1, 5, 8n],
      ['passive', 0, 3, undefined],
    ],
  )
  const [hello] = module.data
  assert.equal(new TextDecoder().decode(module.bytes.subarray(hello?.start, (hello?.start ?? 0) + 5)), 'hello')
  assert.equal(module.dataCount, 2)
  assert.deepEqual([...module.declaredFunctions], [0, DECLARED.referred, DECLARED.referred | DECLARED.exported])
})

test('sections copied as they are make the same module', () => {
  const bytes = wat(EVERYTHING)
  const writer = new Writer()
  writer.header()
  for (const { start, end } of parseModule(bytes).sections) writer.bytes(bytes, start, end)
  assert.deepEqual(writer.finish(), new Uint8Array(bytes))
})

test('an empty module, and a Buffer', () => {
  assert.deepEqual(parseModule(sections()).sections, [])
  assert.equal(parseModule(Buffer.from(wat(EVERYTHING))).bytes.constructor, Uint8Array)
})

const TYPES = [1, 1, 0x60, 0, 0] as const
const FUNCTIONS = [3, 1, 0] as const
const HUGE = [0xff, 0xff, 0xff, 0xff, 0x0f] as const

const bytes = (...list: number[]) => Uint8Array.from(list)
const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00] as const

test('malformed input is refused with the offset and what was expected there', () => {
  const cases: readonly (readonly [bytes: Uint8Array, text: RegExp, offset: number])[] = [
    [bytes(), /begins with the bytes 00 61 73 6d/, 0],
    [bytes(0x00, 0x61, 0x73), /begins with the bytes 00 61 73 6d/, 0],
    [bytes(0x7f, 0x45, 0x4c, 0x46, 1, 0, 0, 0), /begins with the bytes 00 61 73 6d/, 0],
    [bytes(0x00, 0x61, 0x73, 0x6d, 1, 0), /expected version 1/, 4],
    [bytes(0x00, 0x61, 0x73, 0x6d, 2, 0, 0, 0), /expected version 1/, 4],
    [bytes(0x00, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0), /expected a core module, not a component/, 4],
    [bytes(...HEADER, 1), /expected the size of the type section, but the input ends/, 9],
    [bytes(...HEADER, 1, 5, 1), /expected a type section of 5 bytes, but only 1 are left/, 9],
    [bytes(...HEADER, 14, 0), /expected a section id, not 0x0e/, 8],
    [bytes(...HEADER, 1, 0x80, 0x80, 0x80, 0x80, 0x80, 0), /size of the type section as a LEB128 of 32 bits, but it goes on/, 9],
    [bytes(...HEADER, 1, 0x80, 0x80, 0x80, 0x80, 0x10), /size of the type section as a LEB128 of 32 bits, but more bits are set/, 9],
    [sections([1, 0], [1, 0]), /expected the type section only once/, 11],
    [sections([3, 0], [1, 0]), /expected the type section before the function section/, 11],
    [sections([6, 0], [13, 0]), /expected the tag section before the global section/, 11],
    [sections([10, 0], [12, 0]), /expected the data count section before the code section/, 11],
    [sections([1, 0, 0]), /expected the type section to end here, 1 bytes earlier/, 11],
    [sections([1, 1]), /expected 1 types, but only 0 bytes are left/, 10],
    [sections([1, 1, 0x60, 1, 0x7f], [0, 1, 65]), /expected the number of results, but its section or function ends/, 14],
    [sections([1, 1, 0x61, 0, 0]), /expected a type, not 0x61/, 11],
    [sections([1, 1, 0x60, 1, 0x40, 0]), /expected a value type, not 0x40/, 13],
    [sections([1, 1, 0x5e, 0x7f, 2]), /expected a mutability of 0 or 1, not 0x02/, 13],
    [sections([0]), /expected the length of a custom section's name/, 10],
    [sections([0, 2, 65]), /expected a custom section's name of 2 bytes, not the 1 left/, 11],
    [sections([0, 1, 0xff]), /expected a custom section's name in UTF-8/, 11],
    [sections([2, 1, 1, 0xff, 0, 0, 0]), /expected an import's module in UTF-8/, 12],
    [sections([2, 1, 0, 0, 5, 0]), /expected the kind of an import or export, not 0x05/, 13],
    [sections([4, 1, 0x7f, 0, 0]), /expected a reference type, not i32/, 11],
    [sections([4, 1, 0x40, 1, 0x70, 0, 0]), /expected a reserved byte of 0, not 0x01/, 12],
    [sections([4, 1, 0x70, 2, 0]), /expected limits of a table, not flags 0x02/, 12],
    [sections([5, 1, 8, 0]), /expected limits of a memory, not flags 0x08/, 11],
    [sections([5, 1, 0, 0x80, 0x80, 0x80, 0x80, 0x80, 0]), /a minimum as a LEB128 of 32 bits, but it goes on/, 12],
    [sections([6, 1, 0x7f, 2, 0x0b]), /expected a mutability of 0 or 1, not 0x02/, 12],
    [sections([6, 1, 0x7f, 0, 0x41, 0]), /expected the end of a constant expression/, 15],
    [sections([...TYPES], [13, 1, 1, 0]), /expected the attribute of a tag to be 0, not 0x01/, 17],
    [sections([9, 1, 8, 0]), /expected the flags of an element segment, not 0x08/, 11],
    [sections([9, 1, 1, 1, 0]), /expected the kind of an element segment to be 0, not 0x01/, 12],
    [sections([11, 1, 3, 0]), /expected the flags of a data segment, not 0x03/, 11],
    [sections([11, 1, 1, 2, 0]), /expected a data segment of 2 bytes, not the 1 left/, 13],
    [sections([12, 2], [11, 1, 1, 0]), /expected 2 data segments, as the data count section says, not 1/, 13],
    [sections([12, 1]), /expected a data section with 1 segments/, 11],
    [sections([...TYPES], [3, 1, 0]), /expected a code section with 1 function bodies/, 18],
    [sections([...TYPES], [3, 1, 0], [10, 0]), /expected 1 function bodies, as the function section declares, not 0/, 20],
    [sections([10, 1, 2, 0, 0x0b]), /expected 0 function bodies, as the function section declares, not 1/, 10],
    [sections([...TYPES], [3, 1, 0], [10, 1, 3, 0, 0x0b]), /expected a function body of 3 bytes, not the 2 left/, 22],
    [sections([...TYPES], [3, 1, 0], [10, 1, 2, 0, 0xff]), /expected an instruction, not 0xff/, 23],
  ]
  for (const [input, text, offset] of cases) {
    const error = refusal(input)
    assert.match(error.message, text)
    assert.equal(error.code, 'malformed', error.message)
    assert.equal(error.offset, offset, error.message)
    assert.ok(error.message.includes(`byte offset ${offset} (0x${offset.toString(16)})`), error.message)
  }
})

test('indices outside their spaces, and what can never be, are refused as invalid', () => {
  const cases: readonly (readonly [bytes: Uint8Array, text: RegExp, offset: number])[] = [
    [sections([1, 1, 0x60, 1, 0x63, 1, 0]), /type index 1 is outside its index space of 1/, 14],
    [sections([1, 1, 0x50, 1, 0, 0x60, 0, 0]), /supertype index 0 is outside its index space of 0/, 13],
    [sections([...TYPES], [2, 1, 0, 0, 0, 1]), /type index 1 is outside its index space of 1/, 20],
    [sections([1, 1, 0x5f, 0], [3, 1, 0]), /type 0 is of kind struct, not func/, 16],
    [sections([7, 1, 0, 0, 0]), /function index 0 is outside its index space of 0/, 13],
    [sections([7, 1, 0, 2, 1]), /memory index 1 is outside its index space of 0/, 13],
    [sections([5, 1, 0, 0], [7, 2, 1, 65, 2, 0, 1, 65, 2, 0]), /two exports are called "A"/, 20],
    [sections([8, 0]), /function index 0 is outside its index space of 0/, 10],
    [sections([1, 1, 0x60, 1, 0x7f, 0], [2, 1, 0, 0, 0, 0], [8, 0]), /the start function is \(i32\) -> \(\), not \(\) -> \(\)/, 24],
    [sections([6, 1, 0x7f, 0, 0x23, 0, 0x0b]), /global index 0 is outside its index space of 0/, 14],
    [sections([6, 1, 0x7f, 0, 0x45, 0x0b]), /i32.eqz in a constant expression/, 13],
    [sections([6, 1, 0x70, 0, 0xd2, 0, 0x0b]), /function index 0 is outside its index space of 0/, 14],
    [sections([9, 1, 0, 0x41, 0, 0x0b, 0]), /table index 0 is outside its index space of 0/, 12],
    [sections([9, 1, 1, 0, 1, 0]), /function index 0 is outside its index space of 0/, 14],
    [sections([11, 1, 0, 0x41, 0, 0x0b, 0]), /memory index 0 is outside its index space of 0/, 12],
    [sections([5, 1, 0, 0x81, 0x80, 0x04]), /a memory has a limit above 65536/, 11],
    [sections([5, 1, 1, 2, 1]), /a memory has a minimum of 2 above its maximum of 1/, 11],
    [sections([5, 1, 2, 1]), /a shared memory has no maximum/, 11],
    [sections([5, 1, 4, 0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01]), /a memory has a limit above 281474976710656/, 11],
    [sections([...TYPES], [...FUNCTIONS], [10, 1, 6, 1, 0xd1, 0x86, 0x03, 0x7f, 0x0b]), /more than 50000 locals/, 23],
  ]
  for (const [input, text, offset] of cases) {
    const error = refusal(input)
    assert.match(error.message, text)
    assert.equal(error.code, 'invalid-module', error.message)
    assert.equal(error.offset, offset, error.message)
  }
})

test('a count of 2^32-1 is refused at once, wherever it stands', () => {
  const places: readonly Uint8Array[] = [
    ...[1, 2, 4, 5, 6, 7, 9, 10, 11, 13].map((id) => sections([id, ...HUGE])),
    sections([...TYPES], [3, ...HUGE]),
    sections([1, 1, 0x4e, ...HUGE]),
    sections([1, 1, 0x60, ...HUGE]),
    sections([1, 1, 0x60, 0, ...HUGE]),
    sections([1, 1, 0x5f, ...HUGE]),
    sections([1, 1, 0x50, ...HUGE]),
    sections([2, 1, ...HUGE]),
    sections([2, 1, 0, ...HUGE, 0, 0]),
    sections([9, 1, 1, 0, ...HUGE]),
    sections([9, 1, 5, 0x70, ...HUGE]),
    sections([11, 1, 1, ...HUGE]),
    sections([12, ...HUGE]),
    sections([12, ...HUGE], [11, 0]),
    sections([0, ...HUGE]),
    bytes(...HEADER, 1, ...HUGE),
    sections([...TYPES], [...FUNCTIONS], [10, 1, ...HUGE]),
    sections([...TYPES], [...FUNCTIONS], [10, 1, 7, ...HUGE, 0x7f, 0x0b]),
    sections([...TYPES], [...FUNCTIONS], [10, 1, 9, 1, ...HUGE, 0x7f, 0x0b, 0x0b]),
    sections([...TYPES], [...FUNCTIONS], [10, 1, 9, 0, 0x0e, ...HUGE, 0, 0x0b]),
  ]
  const before = process.memoryUsage.rss()
  const started = performance.now()
  for (const place of places) assert.ok(refusal(place).offset !== undefined)
  assert.ok(performance.now() - started < 1000)
  assert.ok(process.memoryUsage.rss() - before < 64 * 1024 * 1024)
})

test('work is linear in the size of the input', () => {
  const started = performance.now()
  const customs = new Writer()
  customs.header()
  for (let each = 0; each < 1_000_000; each++) customs.bytes(Uint8Array.of(0, 1, 0))
  assert.equal(parseModule(customs.finish()).sections.length, 1_000_000)
  customs.bytes(Uint8Array.of(0, 1, 0))
  assert.match(refusal(customs.finish()).message, /more than 1000000 custom sections/)

  const groups = new Writer()
  groups.header()
  groups.section(1, (section) => {
    section.u32(1_000_000)
    for (let each = 0; each < 1_000_000; each++) section.bytes(Uint8Array.of(0x4e, 0))
  })
  assert.equal(parseModule(groups.finish()).types.length, 0)

  const exports = new Writer()
  exports.header()
  exports.section(5, (section) => section.bytes(Uint8Array.of(1, 0, 0)))
  exports.section(7, (section) => {
    section.u32(200_000)
    for (let each = 0; each < 200_000; each++) {
      section.name(String(each))
      section.bytes(Uint8Array.of(2, 0))
    }
  })
  assert.equal(parseModule(exports.finish()).exports.length, 200_000)
  assert.ok(performance.now() - started < 20_000)
})

test('deep nesting needs no stack', () => {
  const writer = new Writer()
  writer.header()
  writer.section(1, (section) => section.bytes(Uint8Array.from(TYPES.slice(1))))
  writer.section(3, (section) => section.bytes(Uint8Array.of(1, 0)))
  writer.section(10, (section) => {
    section.u32(1)
    section.sized((body) => {
      body.u8(0)
      for (let depth = 0; depth < 500_000; depth++) body.bytes(Uint8Array.of(0x02, 0x40))
      for (let depth = 0; depth <= 500_000; depth++) body.u8(0x0b)
    })
  })
  let count = 0
  decodeAll(writer.finish(), () => count++)
  assert.equal(count, 1_000_001)
})

const SAMPLES = [
  wat(EVERYTHING),
  wat('(module (memory 1 2 shared) (func (atomic.fence) (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))))'),
  wat('(module (tag (param i32)) (func (try (do (throw 0 (i32.const 1))) (catch 0 drop) (catch_all (rethrow 0)))))'),
  wat('(module (tag) (func (block $b (try_table (catch 0 $b) (throw 0)))) (func (param i32) (block (block (br_table 0 1 0 (local.get 0))))))'),
  wat('(module (func (param v128) (result v128) (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 (local.get 0) (v128.const i64x2 1 2))))'),
]

test('every prefix of a module is refused, or is a module itself', () => {
  for (const sample of SAMPLES) {
    for (let length = 0; length < sample.length; length++) {
      const prefix = sample.slice(0, length)
      if (!WebAssembly.validate(prefix)) assert.ok(['malformed', 'invalid-module'].includes(refusal(prefix).code))
      else decodeAll(prefix)
    }
  }
})

test('flipped bytes end in a LoadError or in a module, and never refuse what the engine accepts', () => {
  const random = pseudoRandom(20260617)
  let refusals = 0
  for (let round = 0; round < 20_000; round++) {
    const sample = (SAMPLES[round % SAMPLES.length] as Uint8Array<ArrayBuffer>).slice()
    for (let flip = 0; flip <= random(3); flip++) sample[random(sample.length)] = random(256)
    if (WebAssembly.validate(sample)) decodeAll(sample)
    else {
      try {
        decodeAll(sample)
      } catch (error) {
        assert.equal((error as Error).name, 'LoadError')
        refusals++
      }
    }
  }
  assert.ok(refusals > 10_000, `${refusals} refused`)
})
