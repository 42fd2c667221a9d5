/**
 * Bulk operations and growing, which helpers do in chunks: each does the same as in the raw module, to the last byte, traps included, for
 * memories and tables of either address type, and between two of them. And the long ones poll.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { attachHook, MAX_CREDIT, makeHook } from '../../src/abi.ts'
import { CHUNK_BYTES, CHUNK_ELEMENTS, PER_BYTE, PER_ELEMENT, SHORT_BYTES, SHORT_ELEMENTS } from '../../src/guard/costs.ts'
import { type GuardOptions, guard } from '../../src/guard/guard.ts'
import { parseModule } from '../../src/wasm/module.ts'
import { Writer } from '../../src/wasm/writer.ts'
import { wat } from '../support/wat.ts'
import { drive, type Exports } from './drive.ts'

type Address = 'i32' | 'i64'

const PAGE = 65_536
const MISSING = 'this engine lacks 64-bit memories, tables or copies between them'
const FUELLED: Readonly<Record<string, GuardOptions>> = { 'without fuel': {}, 'with fuel': { fuel: true } }

/** An address or length as an export takes it; what is above 32 bits is cut off where it does not fit. */
const as = (type: Address, value: bigint): number | bigint => (type === 'i64' ? BigInt.asIntN(64, value) : Number(BigInt.asIntN(32, value)))
const shorter = (a: Address, b: Address): Address => (a === 'i64' && b === 'i64' ? 'i64' : 'i32')

/** What a call ends with, as text. */
function outcome(call: () => unknown): string {
  try {
    return `returned ${String(call())}`
  } catch (error) {
    assert.ok(error instanceof WebAssembly.RuntimeError, String(error))
    return error.message
  }
}

/** The same module raw and guarded. */
function both(
  bytes: Uint8Array<ArrayBuffer>,
  options: GuardOptions,
  imports: () => WebAssembly.Imports = () => ({}),
): { readonly raw: Exports; readonly guarded: Exports } {
  return {
    raw: new WebAssembly.Instance(new WebAssembly.Module(bytes), imports()).exports as Exports,
    guarded: drive(bytes, { ...options, imports: imports() }).exports,
  }
}

/** Operations on two memories, or two tables, `a` and `b`, and segment `s`. */
function operations(space: 'memory' | 'table', a: Address, b: Address): string {
  const value = space === 'memory' ? 'i32' : 'funcref'
  const of = (name: string, types: readonly string[], instruction: string) =>
    `(func (export "${name}") (param ${types.join(' ')}) (${instruction} (local.get 0) (local.get 1) (local.get 2)))`
  return `${of('fill', [a, value, a], `${space}.fill $a`)} ${of('init', [a, 'i32', 'i32'], `${space}.init $a $s`)} ${of('copy', [a, a, a], `${space}.copy $a $a`)}
    ${of('copyFrom', [a, b, shorter(a, b)], `${space}.copy $a $b`)} ${of('copyTo', [b, a, shorter(a, b)], `${space}.copy $b $a`)}
    (func (export "drop") (${space === 'memory' ? 'data' : 'elem'}.drop $s))`
}

/** Lengths around one chunk and several. */
const lengths = (chunk: number): bigint[] => [0, 1, chunk - 1, chunk, chunk + 1, 2 * chunk, 2 * chunk + 1, 3 * chunk + 7].map(BigInt)
/** Where ranges begin, for one that has `size`: near each other, a chunk apart, at the end, and far outside. */
const starts = (chunk: number, size: number): bigint[] => [0, 1, 100, chunk, chunk + 1, size - 3 * chunk - 7].map(BigInt)
const ends = (size: number, length: bigint): bigint[] => [BigInt(size) - length, BigInt(size) - length + 1n]
const FAR: readonly bigint[] = [2n ** 31n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 63n, 2n ** 64n - 65_536n, 2n ** 64n - 1n]

/** Ranges of both operands, and their length. */
function ranges(chunk: number, to: number, from: number): [bigint, bigint, bigint][] {
  const found: [bigint, bigint, bigint][] = []
  for (const length of lengths(chunk)) {
    for (const start of starts(chunk, to)) for (const other of starts(chunk, from)) found.push([start, other, length])
    for (const start of ends(to, length)) found.push([start, 0n, length])
    for (const other of ends(from, length)) found.push([0n, other, length])
  }
  for (const far of FAR) {
    for (const length of [0n, 1n, BigInt(chunk) + 1n, far, -far]) found.push([far, 0n, length], [0n, far, length], [far, far, length])
    found.push([1n, 0n, far], [0n, 1n, far], [BigInt(to), BigInt(from), far])
  }
  return found
}

const PAGES = { a: 5, b: 4 } as const

/** Numbers of which no two neighbours are alike. */
const mixed = (at: number): number => Math.imul(at, 0x9e37_79b1)

/** A module whose one segment, the last thing in it, is made longer than an assembler likes. */
function withLongData(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const section = parseModule(bytes).sections.find(({ id }) => id === 11)
  assert.equal(section?.end, bytes.length)
  const writer = new Writer(bytes.length + 4 * PAGE)
  writer.bytes(bytes, 0, section?.start)
  writer.section(11, (w) => {
    w.bytes(Uint8Array.of(1, 1))
    const data = Uint8Array.from({ length: 3.5 * PAGE }, (_, at) => mixed(at) >>> 8)
    w.u32(data.length)
    w.bytes(data)
  })
  return writer.finish()
}

function memories(a: Address, b: Address): Uint8Array<ArrayBuffer> {
  const index = (type: Address) => (type === 'i64' ? 'i64' : '')
  return withLongData(
    wat(`(module (memory $a (export "a") ${index(a)} ${PAGES.a}) (memory $b (export "b") ${index(b)} ${PAGES.b}) (data $s "") ${operations('memory', a, b)})`),
  )
}

/** What the same calls of two instances leave in their memories, compared after each. */
class MemoryPair {
  readonly #raw: Exports
  readonly #guarded: Exports
  #calls = 0

  constructor(bytes: Uint8Array<ArrayBuffer>, options: GuardOptions) {
    const { raw, guarded } = both(bytes, options)
    this.#raw = raw
    this.#guarded = guarded
  }

  call(name: string, ...values: (number | bigint)[]): string {
    if (this.#calls++ % 40 === 0) this.#refill()
    const expected = outcome(() => this.#raw[name](...values))
    const what = `${name}(${values})`
    assert.equal(
      outcome(() => this.#guarded[name](...values)),
      expected,
      what,
    )
    for (const memory of ['a', 'b'])
      assert.ok(Buffer.from(this.#raw[memory].buffer).equals(Buffer.from(this.#guarded[memory].buffer)), `memory ${memory} after ${what}`)
    return expected
  }

  /** With bytes of which no two ranges are alike. */
  #refill(): void {
    for (const memory of ['a', 'b']) {
      const words = new Uint32Array(this.#raw[memory].buffer)
      for (let at = 0; at < words.length; at++) words[at] = mixed(at + this.#calls)
      new Uint32Array(this.#guarded[memory].buffer).set(words)
    }
  }
}

const FORMS: readonly (readonly [a: Address, b: Address])[] = [
  ['i32', 'i32'],
  ['i64', 'i64'],
  ['i64', 'i32'],
  ['i32', 'i64'],
]

for (const [a, b] of FORMS) {
  const bytes = memories(a, b)
  const skip = WebAssembly.validate(bytes) ? false : MISSING
  for (const [how, options] of Object.entries(FUELLED)) {
    test(`memory.fill, copy and init on a memory of ${a} and one of ${b} do what they do raw, ${how}`, { skip }, () => {
      const pair = new MemoryPair(bytes, options)
      const length = shorter(a, b)
      const trapped = new Set<string>()
      for (const [to, from, count] of ranges(CHUNK_BYTES, PAGES.a * PAGE, PAGES.a * PAGE)) trapped.add(pair.call('copy', as(a, to), as(a, from), as(a, count)))
      for (const [to, from, count] of ranges(CHUNK_BYTES, PAGES.a * PAGE, PAGES.b * PAGE)) {
        trapped.add(pair.call('copyFrom', as(a, to), as(b, from), as(length, count)))
        pair.call('copyTo', as(b, from), as(a, to), as(length, count))
        pair.call('init', as(a, to), as('i32', from), as('i32', count))
        pair.call('fill', as(a, to), Number(from & 0x1ffn), as(a, count))
      }
      assert.equal(trapped.size, 2, [...trapped].join(', '))
    })
  }
}

test('every value of a fill is taken modulo 256', () => {
  const pair = new MemoryPair(memories('i32', 'i32'), {})
  for (const value of [0, 1, 0x7f, 0x80, 0xff, 0x100, 0x1ab, -1, -(2 ** 31)]) for (const length of [10, CHUNK_BYTES + 10]) pair.call('fill', 3, value, length)
})

test('of a segment that was dropped, nothing can be copied, and nothing is', () => {
  const pair = new MemoryPair(memories('i32', 'i32'), {})
  assert.match(pair.call('init', 0, 0, 3 * PAGE), /returned/)
  pair.call('drop')
  assert.match(pair.call('init', 0, 0, 0), /returned/)
  for (const [to, from, count] of [
    [0, 0, 1],
    [0, 1, 0],
    [0, 0, CHUNK_BYTES],
    [0, 0, CHUNK_BYTES + 1],
    [0, 0, 3 * PAGE],
    [5 * PAGE, 0, 0],
    [5 * PAGE + 1, 0, 0],
  ] as const) {
    pair.call('init', to, from, count)
  }
  assert.doesNotMatch(pair.call('init', 0, 0, CHUNK_BYTES + 1), /returned/)
})

test('a known length that is short stays an operation, a longer one does not, and neither does anything else', () => {
  const constants = [
    0,
    1,
    SHORT_BYTES - 1,
    SHORT_BYTES,
    SHORT_BYTES + 1,
    CHUNK_BYTES - 1,
    CHUNK_BYTES,
    CHUNK_BYTES + 1,
    3 * CHUNK_BYTES,
    5 * PAGE - 8,
    5 * PAGE - 7,
    -1,
  ]
  const each = (count: number, at: number) => `(func (export "fill${at}") (memory.fill $a (i32.const 8) (i32.const 7) (i32.const ${count})))
    (func (export "copy${at}") (memory.copy $a $a (i32.const 8) (i32.const 3) (i32.const ${count})))
    (func (export "init${at}") (memory.init $a $s (i32.const 8) (i32.const 3) (i32.const ${count})))`
  const bytes = withLongData(wat(`(module (memory $a (export "a") 5) (memory $b (export "b") 1) (data $s "") ${constants.map(each).join(' ')})`))
  const pair = new MemoryPair(bytes, {})
  for (const at of constants.keys()) for (const name of ['fill', 'copy', 'init']) pair.call(`${name}${at}`)
  const isLong = constants.filter((count) => count < 0 || count > SHORT_BYTES).length
  assert.equal(drive(bytes).guarded.report.checks.helper, 3 * isLong)
})

// Tables

const ELEMENTS = { a: 5_000, b: 4_000 } as const

function tables(a: Address, b: Address): Uint8Array<ArrayBuffer> {
  const index = (type: Address) => (type === 'i64' ? 'i64' : '')
  const functions = [0, 1, 2].map((at) => `(func $f${at} (export "f${at}"))`).join(' ')
  const entries = Array.from({ length: 3_500 }, (_, at) => `$f${(mixed(at) >>> 8) % 3}`)
  return wat(`(module (table $a (export "a") ${index(a)} ${ELEMENTS.a} funcref) (table $b (export "b") ${index(b)} ${ELEMENTS.b} funcref)
    ${functions} (elem $s func ${entries.join(' ')}) ${operations('table', a, b)})`)
}

interface Side {
  readonly exports: Exports
  /** What its functions are called. */
  readonly numbers: ReadonlyMap<unknown, number>
}

/** The same for tables: of an element, what counts is which of the instance's functions it is. */
class TablePair {
  readonly #sides: readonly Side[]
  readonly #types: Readonly<Record<'a' | 'b', Address>>

  constructor(bytes: Uint8Array<ArrayBuffer>, options: GuardOptions, types: Readonly<Record<'a' | 'b', Address>>) {
    const { raw, guarded } = both(bytes, options)
    this.#types = types
    this.#sides = [raw, guarded].map((exports) => ({
      exports,
      numbers: new Map<unknown, number>([[null, -1], ...[0, 1, 2].map((at): [unknown, number] => [exports[`f${at}`], at])]),
    }))
    for (const { exports } of this.#sides) {
      exports.init(as(types.a, 0n), 0, 3_500)
      exports.copyTo(as(types.b, 10n), as(types.a, 0n), as(shorter(types.a, types.b), 3_000n))
    }
  }

  call(name: string, ...values: (number | bigint | { readonly fn: number })[]): string {
    const [expected, ended] = this.#sides.map(({ exports }) =>
      outcome(() => exports[name](...values.map((each) => (typeof each === 'object' ? (exports[`f${each.fn}`] ?? null) : each)))),
    )
    const what = `${name}(${values})`
    assert.equal(ended, expected, what)
    for (const table of ['a', 'b'] as const) {
      const [raw, guarded] = this.#sides.map((side) => this.#read(table, side))
      assert.deepEqual(guarded, raw, `table ${table} after ${what}`)
    }
    return expected as string
  }

  #read(table: 'a' | 'b', { exports, numbers }: Side): Int8Array {
    const type = this.#types[table]
    return Int8Array.from({ length: ELEMENTS[table] }, (_, at) => numbers.get(exports[table].get(as(type, BigInt(at)))) as number)
  }
}

for (const [a, b] of FORMS) {
  const bytes = tables(a, b)
  const skip = WebAssembly.validate(bytes) ? false : MISSING
  test(`table.fill, copy and init on a table of ${a} and one of ${b} do what they do raw`, { skip }, () => {
    const pair = new TablePair(bytes, {}, { a, b })
    const length = shorter(a, b)
    const every = (all: [bigint, bigint, bigint][], nth: number) => all.filter((_, at) => at % nth === 0)
    for (const [to, from, count] of every(ranges(CHUNK_ELEMENTS, ELEMENTS.a, ELEMENTS.a), 2)) pair.call('copy', as(a, to), as(a, from), as(a, count))
    for (const [at, [to, from, count]] of every(ranges(CHUNK_ELEMENTS, ELEMENTS.a, ELEMENTS.b), 3).entries()) {
      if (at % 4 === 0) pair.call('copyFrom', as(a, to), as(b, from), as(length, count))
      else if (at % 4 === 1) pair.call('copyTo', as(b, from), as(a, to), as(length, count))
      else if (at % 4 === 2) pair.call('init', as(a, to), as('i32', from), as('i32', count))
      else pair.call('fill', as(a, to), { fn: at % 5 }, as(a, count))
    }
    pair.call('drop')
    for (const [to, from, count] of [
      [0, 0, 0],
      [0, 0, 1],
      [0, 1, 0],
      [0, 0, CHUNK_ELEMENTS + 1],
      [ELEMENTS.a, 0, 0],
      [ELEMENTS.a + 1, 0, 0],
    ] as const) {
      pair.call('init', as(a, BigInt(to)), from, count)
    }
  })
}

test('a known number of elements that is small stays an operation', () => {
  const each = (count: number) =>
    `(func (table.fill $t (i32.const 0) (ref.null func) (i32.const ${count})) (table.copy $t $t (i32.const 0) (i32.const 1) (i32.const ${count})))`
  const { guarded } = drive(wat(`(module (table $t 100 funcref) ${[0, 1, SHORT_ELEMENTS - 1, SHORT_ELEMENTS, SHORT_ELEMENTS + 1, -1].map(each).join(' ')})`))
  assert.equal(guarded.report.checks.helper, 4)
})

// One memory or table under two names

test('a memory that is imported twice is copied to itself', () => {
  const bytes = wat(`(module (import "m" "a" (memory $a 4 4)) (import "m" "b" (memory $b 4 4))
    (func (export "copy") (param i32 i32 i32) (memory.copy $a $b (local.get 0) (local.get 1) (local.get 2))))`)
  const run = (isRaw: boolean) => {
    const memory = new WebAssembly.Memory({ initial: 4, maximum: 4 })
    const words = new Uint32Array(memory.buffer)
    for (let at = 0; at < words.length; at++) words[at] = mixed(at)
    const imports = { m: { a: memory, b: memory } }
    const exports = isRaw ? (new WebAssembly.Instance(new WebAssembly.Module(bytes), imports).exports as Exports) : drive(bytes, { imports }).exports
    exports.copy(100, 0, 3 * CHUNK_BYTES)
    exports.copy(0, 50, 3 * CHUNK_BYTES)
    return Buffer.from(memory.buffer)
  }
  assert.ok(run(true).equals(run(false)))
})

test('a table that is imported twice is copied to itself', () => {
  const bytes = wat(`(module (import "m" "a" (table $a 4000 4000 externref)) (import "m" "b" (table $b 4000 4000 externref))
    (func (export "copy") (param i32 i32 i32) (table.copy $a $b (local.get 0) (local.get 1) (local.get 2))))`)
  const run = (isRaw: boolean) => {
    const table = new WebAssembly.Table({ element: 'externref' as 'anyfunc', initial: 4_000, maximum: 4_000 })
    for (let at = 0; at < 4_000; at++) table.set(at, at)
    const imports = { m: { a: table, b: table } }
    const exports = isRaw ? (new WebAssembly.Instance(new WebAssembly.Module(bytes), imports).exports as Exports) : drive(bytes, { imports }).exports
    exports.copy(100, 0, 3 * CHUNK_ELEMENTS)
    return Array.from({ length: 4_000 }, (_, at) => table.get(at))
  }
  assert.deepEqual(run(false), run(true))
})

// Growing

for (const type of ['i32', 'i64'] as const) {
  const index = type === 'i64' ? 'i64' : ''
  const bytes = wat(`(module (memory $a (export "a") ${index} 1 5) (memory $b (export "b") ${index} 1 1)
    (table $t (export "t") ${index} 1 3000 externref) (table $u ${index} 2 2 funcref)
    (func (export "memory") (param ${type}) (result ${type}) (memory.grow $a (local.get 0))) (func (export "size") (result ${type}) (memory.size $a))
    (func (export "full") (param ${type}) (result ${type}) (memory.grow $b (local.get 0)))
    (func (export "table") (param externref ${type}) (result ${type}) (table.grow $t (local.get 0) (local.get 1)))
    (func (export "fullTable") (param ${type}) (result ${type}) (table.grow $u (ref.null func) (local.get 0))))`)
  test(`memory.grow and table.grow of ${type} answer what they do raw`, { skip: WebAssembly.validate(bytes) ? false : MISSING }, () => {
    for (const options of Object.values(FUELLED)) {
      const { raw, guarded } = both(bytes, options)
      const call = (name: string, ...values: unknown[]) => {
        const expected = raw[name](...values)
        assert.equal(guarded[name](...values), expected, `${name}(${values})`)
        return expected
      }
      const number = (value: number) => as(type, BigInt(value))
      for (const pages of [0, 2, 3, -1, 2 ** 31, 65_536, 2, 1, 0]) {
        call('memory', number(pages))
        assert.ok(Buffer.from(raw.a.buffer).equals(Buffer.from(guarded.a.buffer)), 'new pages are zero')
      }
      assert.equal(call('size'), number(5))
      for (const pages of [0, 1, -1]) call('full', number(pages))
      for (const [value, count] of [
        ['x', 0],
        ['y', 1],
        ['z', 2_000],
        [null, 5_000],
        ['w', -1],
        [7, 998],
        [8, 1],
      ] as const)
        call('table', value, number(count))
      for (const count of [0, 1, -1]) call('fullTable', number(count))
      const contents = (exports: Exports) => Array.from({ length: 3_000 }, (_, at) => exports.t.get(number(at)))
      assert.deepEqual(contents(guarded), contents(raw))
      assert.equal(contents(raw)[2_001], 'z')
    }
  })
}

// Polling

const PAGES_16_MIB = 256
const LONG = wat(`(module (memory $m (export "m") ${PAGES_16_MIB}) (memory $n 1 ${PAGES_16_MIB}) (table $t 50000 funcref)
  (func (export "fill") (param i32) (memory.fill $m (i32.const 0) (i32.const 1) (local.get 0)))
  (func (export "copy") (param i32) (memory.copy $m $m (i32.const 1) (i32.const 0) (local.get 0)))
  (func (export "fillTable") (param i32) (table.fill $t (i32.const 0) (ref.null func) (local.get 0)))
  (func (export "copyTable") (param i32) (table.copy $t $t (i32.const 0) (i32.const 1) (local.get 0)))
  (func (export "grow") (param i32) (drop (memory.grow $n (local.get 0)))))`)

for (const [name, count, unit] of [
  ['fill', 2 ** 24, PER_BYTE],
  ['copy', 2 ** 24 - 1, PER_BYTE],
  ['fillTable', 50_000, PER_ELEMENT],
  ['copyTable', 49_999, PER_ELEMENT],
] as const)
  test(`a long ${name} polls as often as its length is worth`, () => {
    const { exports, polls } = drive(LONG)
    exports[name](count)
    const worth = (count * unit) / MAX_CREDIT
    assert.ok(polls() >= 0.9 * worth && polls() <= 1.2 * worth + 2, `${polls()} polls for ${worth} credits`)
  })

test('growing polls for the pages that come', () => {
  const { exports, polls } = drive(LONG, { poll: () => 1 })
  exports.grow(100)
  assert.ok(polls() >= 100, `${polls()} polls`)
})

test('each chunk has a check: a poll that stops leaves the rest undone', () => {
  const stopAfter = 3
  const { exports, polls } = drive(LONG, { poll: (before) => (before < stopAfter ? 1 : 0) })
  assert.throws(() => exports.fill(2 ** 24), /unreachable/)
  assert.equal(polls(), stopAfter + 1)
  const filled = new Uint8Array(exports.m.buffer).indexOf(0)
  assert.equal(filled, stopAfter * CHUNK_BYTES)
})

test('pages that come are touched without changing what somebody has written there meanwhile', () => {
  const { bytes, abi } = guard(wat('(module (memory (export "memory") 1 4) (func (export "grow") (result i32) (memory.grow (i32.const 3))))'))
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes))
  const memory = instance.exports.memory as WebAssembly.Memory
  const written = new Set<number>()
  const poll = () => {
    const pages = memory.buffer.byteLength / 65_536
    for (let page = 1; page < pages; page++) for (let at = page * 65_536; at < (page + 1) * 65_536; at += 4_096) written.add(at)
    const view = new Uint8Array(memory.buffer)
    for (const at of written) view[at] = 7
    return 1
  }
  attachHook(instance, abi, makeHook({ poll }))
  assert.equal((instance.exports.grow as () => number)(), 1)
  const view = new Uint8Array(memory.buffer)
  assert.equal(written.size, 48)
  for (const at of written) assert.equal(view[at], 7, String(at))
})
