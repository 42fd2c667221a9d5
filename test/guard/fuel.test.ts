/** Fuel: what code costs is exactly what the table says of the instructions that ran. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MAX_CREDIT } from '../../src/abi.ts'
import { CurfewError } from '../../src/errors.ts'
import { CHUNK_BYTES, CHUNK_ELEMENTS, SHORT_BYTES, SHORT_ELEMENTS } from '../../src/guard/costs.ts'
import { DEFAULT_FUEL_COSTS, type FuelCostTable, fuelCosts } from '../../src/guard/fuel-costs.ts'
import { guard } from '../../src/guard/guard.ts'
import { InstructionReader } from '../../src/wasm/instructions.ts'
import { readLocals } from '../../src/wasm/locals.ts'
import { parseModule } from '../../src/wasm/module.ts'
import { OPCODES } from '../../src/wasm/opcodes.ts'
import { wat } from '../support/wat.ts'
import { type Driven, drive, PLENTY } from './drive.ts'
import { fuelled, fuelOf, suffices, used } from './fuelled.ts'
import { randomModule } from './random-module.ts'

const RUN = '(func (export "run")'

/** Each with the cost of calls with one argument or another, counted by hand: an instruction is 1; structure, `nop` and `drop` are 0. */
const COSTS: Readonly<Record<string, readonly [source: string, costs: readonly (readonly [args: readonly number[], cost: number])[]]>> = {
  'nothing at all': [`${RUN})`, [[[], 0]]],
  'a few instructions': [`${RUN} (drop (i32.add (i32.const 1) (i32.const 2))))`, [[[], 3]]],
  'structure alone': [`${RUN} nop (block (block (loop)) (block nop)))`, [[[], 0]]],
  'calls, all the way down': [`(func $one (result i32) (i32.const 1)) ${RUN} (drop (i32.add (call $one) (call $one))))`, [[[], 2 * (1 + 1) + 1]]],
  'a function that is unused': [`(func $f (call $f)) ${RUN} (drop (memory.size))) (memory 1)`, [[[], 1]]],
  'if alone': [
    `${RUN} (param i32) (if (local.get 0) (then (local.set 0 (i32.const 1)) (local.set 0 (i32.const 2)))) (local.set 0 (i32.const 3)))`,
    [
      [[0], 2 + 2],
      [[1], 2 + 4 + 2],
    ],
  ],
  'if and else, whichever is dearer': [
    `${RUN} (param i32) (result i32) (if (result i32) (local.get 0) (then (i32.const 1)) (else (i32.add (i32.mul (local.get 0) (i32.const 3)) (i32.const 1)))))`,
    [
      [[0], 2 + 5],
      [[1], 2 + 1],
    ],
  ],
  'an if in an else in a then': [
    `${RUN} (param i32 i32) (if (local.get 0) (then (if (local.get 1) (then (local.set 0 (i32.const 1))) (else (local.set 0 (i32.add (i32.const 1) (i32.const 1)))))) (else (local.set 1 (local.get 0)))) (local.set 0 (i32.const 7)))`,
    [
      [[1, 1], 2 + 2 + 2 + 2],
      [[1, 0], 2 + 2 + 4 + 2],
      [[0, 1], 2 + 2 + 2],
    ],
  ],
  'a way out by br_if': [
    `${RUN} (param i32) (block (br_if 0 (local.get 0)) (local.set 0 (i32.const 5)) (br_if 0 (i32.const 0)) (local.set 0 (i32.const 5))) (local.set 0 (i32.const 6)))`,
    [
      [[1], 2 + 2],
      [[0], 2 + 2 + 2 + 2 + 2],
    ],
  ],
  'a way out that is dearer than going on': [
    `${RUN} (param i32) (block (block (br_if 0 (local.get 0)) (br 1)) (local.set 0 (i32.add (i32.const 1) (i32.const 2)))))`,
    [
      [[1], 2 + 4],
      [[0], 2 + 1],
    ],
  ],
  'br past what follows': [`${RUN} (block (br 0) (drop (i32.const 1))) (drop (i32.const 1)))`, [[[], 1 + 1]]],
  br_table: [
    `${RUN} (param i32) (block $c (block $b (block $a (br_table $a $b $c (local.get 0))) (local.set 0 (i32.const 1)) (br $c)) (local.set 0 (i32.add (i32.const 1) (i32.const 2)))))`,
    [
      [[0], 2 + 2 + 1],
      [[1], 2 + 4],
      [[2], 2],
      [[-1], 2],
    ],
  ],
  'return in the middle': [
    `${RUN} (param i32) (if (local.get 0) (then (return))) (local.set 0 (i32.const 1)) (return) (local.set 0 (i32.const 1)))`,
    [
      [[1], 2 + 1],
      [[0], 2 + 2 + 1],
    ],
  ],
  'return of a value': [`(func $f (result i32) (return (i32.const 1)) (i32.const 2)) ${RUN} (drop (call $f)))`, [[[], 1 + 2]]],
  'a throw that is caught at once': [
    `(tag $t (param i32)) ${RUN} (local i32) (drop (block $b (result i32) (try_table (catch $t $b) (throw $t (i32.const 1)) (local.set 0 (i32.const 1))) (local.set 0 (i32.const 2)) (i32.const 3))) (local.set 0 (i32.const 4)))`,
    [[[], 2 + 2]],
  ],
  'a throw that did not come': [
    `(tag $t) ${RUN} (param i32) (block $b (try_table (catch_all $b) (if (local.get 0) (then (throw $t))) (local.set 0 (i32.const 1))) (local.set 0 (i32.const 2))) (local.set 0 (i32.const 4)))`,
    [
      [[0], 2 + 2 + 2 + 2],
      [[1], 2 + 1 + 2],
    ],
  ],
  'a tail call': [
    `(func $g (param i32) (local.set 0 (i32.const 1))) ${RUN} (param i32) (return_call $g (local.get 0)) (local.set 0 (i32.const 1)))`,
    [[[1], 2 + 2]],
  ],
  'a tail call on one way': [
    `(func $g (param i32) (local.set 0 (i32.const 1))) ${RUN} (param i32) (if (local.get 0) (then (return_call $g (local.get 0)))) (local.set 0 (i32.add (i32.const 1) (i32.const 1))))`,
    [
      [[1], 2 + 2 + 2],
      [[0], 2 + 4],
    ],
  ],
  'an indirect call': [
    `(type $t (func (param i32))) (table 2 funcref) (elem (i32.const 0) $f $g) (func $f (param i32)) (func $g (param i32) (local.set 0 (i32.const 1))) ${RUN} (param i32) (call_indirect (type $t) (i32.const 9) (local.get 0)))`,
    [
      [[0], 3],
      [[1], 3 + 2],
    ],
  ],
  recursion: [
    `(func $f (export "run") (param i32) (result i32) (if (result i32) (local.get 0) (then (i32.add (call $f (i32.sub (local.get 0) (i32.const 1))) (i32.const 1))) (else (i32.const 0))))`,
    [0, 1, 10, 1_000].map((depth) => [[depth], 2 + 1 + depth * (2 + 6)]),
  ],
  'a long straight line': [`${RUN} ${'(drop (f64.load (i32.const 8)))'.repeat(1_000)}) (memory 1)`, [[[], 2_000]]],
  'a loop that is not repeated': [`${RUN} (loop (drop (i32.const 1))) (drop (i32.const 1)))`, [[[], 2]]],
}

for (const [name, [source, costs]] of Object.entries(COSTS)) {
  test(`the cost of ${name}`, () => {
    const driven = fuelled(source)
    for (const [args, cost] of costs) assert.equal(used(driven, 'run', ...args), cost, `run(${args})`)
  })
}

test('a legacy throw and its handlers cost what ran', () => {
  const driven = fuelled(
    `(tag $t (param i32)) ${RUN} (param i32) (local i32)
      (try (do (if (local.get 0) (then (throw $t (i32.const 1)))) (local.set 1 (i32.const 1)))
        (catch $t (local.set 1) (local.set 1 (i32.const 1)) (local.set 1 (i32.const 1))) (catch_all (local.set 1 (i32.const 1))))
      (local.set 1 (i32.const 1)))`,
  )
  assert.equal(used(driven, 'run', 0), 2 + 2 + 2)
  assert.equal(used(driven, 'run', 1), 2 + 2 + 5 + 2)
})

test('a call that throws, or a trap, costs what ran and at most what would have followed', () => {
  const after = '(local.set $x (i32.add (local.get $x) (i32.const 1)))'.repeat(5)
  for (const [body, ran] of [
    ['(throw $t)', 1 + 1 + 1],
    ['(drop (i32.div_u (i32.const 1) (i32.const 0)))', 1 + 3],
  ] as const) {
    const driven = fuelled(`(tag $t) (func $f ${body}) ${RUN} (local $x i32) (block $b (try_table (catch_all $b) (call $f) ${after})) (drop (i32.const 1)))`)
    const once = () => {
      fuelOf(driven).value = PLENTY
      outcomeOf(driven)
      return Number(PLENTY - fuelOf(driven).value)
    }
    const first = once()
    assert.ok(first >= ran && first <= ran + 4 * 5 + 1, `${first} used`)
    assert.equal(once(), first)
  }
})

function outcomeOf({ exports }: Driven): void {
  try {
    exports.run()
  } catch (error) {
    assert.ok(error instanceof WebAssembly.RuntimeError && /divide/.test(error.message), String(error))
  }
}

// Loops

const arithmetic = (count: number) => '(local.set $x (i32.add (local.get $x) (i32.const 1))) '.repeat(count)
const again = '(br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))'

/** Loops that go around `n` times, by how they are written; what a round costs, and all the rest. */
const LOOPS: Readonly<Record<string, readonly [source: string, round: number, rest: number]>> = {
  'that is written four times': [`${RUN} (param $n i32) (loop $again ${again}))`, 5, 0],
  'that is written twice': [`${RUN} (param $n i32) (local $x i32) (loop $again ${arithmetic(15)} ${again}))`, 4 * 15 + 5, 0],
  'that is written once': [`${RUN} (param $n i32) (local $x i32) (loop $again ${arithmetic(40)} ${again}))`, 4 * 40 + 5, 0],
  'with something after it': [`${RUN} (param $n i32) (local $x i32) (loop $again ${again}) ${arithmetic(1)})`, 5, 4],
  'that is left in the middle': [
    `${RUN} (param $n i32) (local $x i32) (block $out (loop $again (br_if $out (i32.eqz (local.tee $n (i32.sub (local.get $n) (i32.const 1))))) ${arithmetic(2)} (br $again))))`,
    6 + 8 + 1,
    -9,
  ],
  'with parameters': [
    `${RUN} (param $n i32) (local.get $n) (loop $again (param i32) (drop) (local.tee $n (i32.sub (local.get $n) (i32.const 1))) (br_if $again (local.get $n)) (drop)))`,
    6,
    1,
  ],
  'with a call': [`(func $f) ${RUN} (param $n i32) (loop $again (call $f) ${again}))`, 6, 0],
  'with a heavy call': [
    `(memory 1) (func $f ${'(drop (i32.load (i32.const 0)))'.repeat(45)}) ${RUN} (param $n i32) (loop $again (call $f) ${again}))`,
    1 + 90 + 5,
    0,
  ],
  'that a br_table repeats': [
    `${RUN} (param $n i32) (block $out (loop $again (br_table $out $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))`,
    5,
    0,
  ],
  'that an exception repeats': [
    `(tag $t) ${RUN} (param $n i32) (loop $again (try_table (catch_all $again) (if (local.tee $n (i32.sub (local.get $n) (i32.const 1))) (then (throw $t)))))) `,
    5 + 1,
    -1,
  ],
}

for (const [name, [source, round, rest]] of Object.entries(LOOPS)) {
  test(`the cost of a loop ${name} is that of its rounds`, () => {
    const driven = fuelled(source)
    for (const rounds of [1, 2, 3, 4, 5, 6, 7, 8, 9, 100, 10_000]) assert.equal(used(driven, 'run', rounds), round * rounds + rest, `${rounds} rounds`)
  })
}

test('how often it is asked does not change what is used', () => {
  for (const [source] of Object.values(LOOPS)) {
    const bytes = wat(`(module ${source})`)
    const [often, seldom] = [1, MAX_CREDIT].map((credit) => drive(bytes, { fuel: true, poll: () => credit })) as [Driven, Driven]
    assert.equal(used(often, 'run', 5_000), used(seldom, 'run', 5_000))
    assert.ok(often.polls() > seldom.polls(), `${often.polls()} and ${seldom.polls()} polls`)
  }
})

// Bulk operations and growing

const BULK = (length: string, type = '') => `(memory $m 8) (table $t 8000 funcref) (data $d "0123456789") (elem $e funcref ${'(ref.null func)'.repeat(100)})
  (func (export "fill") ${type} (memory.fill (i32.const 0) (i32.const 1) ${length}))
  (func (export "copy") ${type} (memory.copy (i32.const 1) (i32.const 0) ${length}))
  (func (export "init") ${type} (memory.init $d (i32.const 0) (i32.const 0) ${length}))
  (func (export "fillTable") ${type} (table.fill $t (i32.const 0) (ref.null func) ${length}))
  (func (export "copyTable") ${type} (table.copy $t $t (i32.const 1) (i32.const 0) ${length}))
  (func (export "initTable") ${type} (table.init $t $e (i32.const 0) (i32.const 0) ${length}))`

for (const [what, table, kibibyte, element] of [
  ['the usual table', true, 64, 1],
  ['a table of its own', { kibibyte: 7, element: 3 }, 7, 3],
  ['a table where length is free', { kibibyte: 0, element: 0 }, 0, 0],
] as const)
  test(`bulk operations cost by their length, known or not, by ${what}`, () => {
    const atRun = fuelled(BULK('(local.get 0)', '(param i32)'), table)
    const cost = (name: string, length: number) => 4 + (name.endsWith('Table') ? length * element : Math.floor((length * kibibyte) / 1024))
    const lengthsOf = (name: string): number[] => {
      if (name === 'init') return [0, 1, 10]
      if (name === 'initTable') return [0, 1, SHORT_ELEMENTS, SHORT_ELEMENTS + 1, 100]
      const [short, chunk] = name.endsWith('Table') ? [SHORT_ELEMENTS, CHUNK_ELEMENTS] : [SHORT_BYTES, CHUNK_BYTES]
      return [0, 1, 15, 16, 1_023, 1_024, short, short + 1, chunk - 1, chunk, chunk + 1, 2 * chunk, 3 * chunk + 1_000]
    }
    for (const name of ['fill', 'copy', 'init', 'fillTable', 'copyTable', 'initTable']) {
      for (const length of lengthsOf(name)) {
        assert.equal(used(atRun, name, length), cost(name, length), `${name} of ${length}`)
        assert.equal(used(fuelled(BULK(`(i32.const ${length})`), table), name), cost(name, length), `${name} of ${length}, which is known`)
      }
    }
  })

test('growing costs by page and element, in vain too', () => {
  const source = `(memory 1 5) (table 1 50 funcref)
    (func (export "memory") (param i32) (result i32) (memory.grow (local.get 0))) (func (export "table") (param i32) (result i32) (table.grow (ref.null func) (local.get 0)))`
  for (const [table, page, element] of [
    [true, 4_096, 1],
    [{ page: 10, element: 5 }, 10, 5],
    [{ page: 0, element: 0 }, 0, 0],
  ] as const) {
    const driven = fuelled(source, table)
    for (const count of [0, 1, 3, 1, 2 ** 20, -1]) {
      // Asking for more than there may be costs as much as all that there may be
      const wanted = count >>> 0
      assert.equal(used(driven, 'memory', count), 2 + Math.min(wanted, 5) * page)
      assert.equal(used(driven, 'table', count), 3 + Math.min(wanted, 50) * element)
    }
  }
})

// The budget

test('exactly the cost suffices, one less does not', () => {
  for (const [name, [source, costs]] of Object.entries(COSTS)) {
    for (const [args, cost] of costs) {
      const driven = fuelled(source)
      assert.ok(suffices(driven, BigInt(cost), ...args), `${name}: ${args}`)
      assert.ok(!suffices(driven, BigInt(cost) - 1n, ...args), `${name}: ${args} with less`)
    }
  }
  for (const [name, [source, round, rest]] of Object.entries(LOOPS)) {
    const driven = fuelled(source)
    assert.ok(suffices(driven, BigInt(10_000 * round + rest), 10_000), name)
    assert.ok(!suffices(driven, BigInt(10_000 * round + rest - 1), 10_000), name)
  }
})

// Random modules

/** The usual cost of instructions, and nothing for lengths. */
const ONLY: FuelCostTable = { default: 0, kibibyte: 0, element: 0, page: 0 }

/** The instructions that a module uses. */
function namesIn(bytes: Uint8Array): Set<string> {
  const module = parseModule(bytes)
  const reader = new InstructionReader(module)
  const names = new Set<string>()
  for (const [at, start] of module.bodyStarts.entries()) {
    const end = module.bodyEnds[at] as number
    const { codeStart, total } = readLocals(module, start, end)
    reader.reset(codeStart, end, total + 1)
    while (reader.next()) names.add(reader.op.name)
  }
  return names
}

/** What the calls use that return, up to the first that does not. */
function usedBy(bytes: Uint8Array, fuel: FuelCostTable): number[] {
  const driven = drive(bytes, { fuel, poll: (before) => (before < 20 ? 20_000 : 0) })
  const found: number[] = []
  try {
    for (let index = 0; index < 5; index++) found.push(used(driven, `f${index}`, 3))
  } catch {
    // Stopped, or at an end of its own
  }
  return found
}

test('in random modules too, what all instructions cost is the sum of what each of them does', () => {
  let compared = 0
  for (let seed = 0; seed < 150; seed++) {
    const bytes = randomModule(seed)
    const names = namesIn(bytes)
    // An exception may leave behind what is paid for in advance
    if (names.has('throw')) continue
    const all = usedBy(bytes, { ...ONLY, default: 1 })
    const free = new Set(['block', 'loop', 'else', 'end', 'nop', 'drop', 'unreachable', 'try', 'try_table', 'catch', 'catch_all', 'delegate'])
    const each = [...names].filter((name) => !free.has(name)).map((name) => usedBy(bytes, { ...ONLY, [name]: 1 }))
    for (const [index, sum] of all.entries()) {
      assert.equal(
        each.reduce((total, costs) => total + (costs[index] as number), 0),
        sum,
        `seed ${seed}, f${index}`,
      )
      if (sum > 20) compared++
    }
  }
  assert.ok(compared > 50, `${compared} compared`)
})

// Tables of costs

test('a table changes what an instruction costs, by name or as default; structure is free until it is named', () => {
  const source = `${RUN} (param i32) (result i32) (block (loop (br_if 1 (local.get 0)) (local.set 0 (i32.const 1)) (br 0))) nop (i32.mul (local.get 0) (i32.const 3)))`
  const cost = (table: FuelCostTable) => used(fuelled(source, table), 'run', 0)
  assert.equal(cost({}), 2 + 2 + 1 + 2 + 3)
  assert.equal(cost({ default: 0 }), 0)
  assert.equal(cost({ default: 10 }), 100)
  assert.equal(cost({ default: 0, 'i32.mul': 1_000_000 }), 1_000_000)
  assert.equal(cost({ default: 0, br_if: 3 }), 6)
  assert.equal(cost({ default: 0, loop: 5, br: 100 }), 5 + 100, 'a jump back goes past what says that a loop begins')
  assert.equal(cost({ default: 0, block: 7, nop: 11 }), 18)
})

test('every instruction has a cost, and the usual table says which', () => {
  const { instructions, kibibyte, element, page } = fuelCosts()
  assert.deepEqual(DEFAULT_FUEL_COSTS, { default: 1, kibibyte, element, page })
  const free = OPCODES.filter(({ id }) => instructions[id] === 0).map(({ name }) => name)
  assert.deepEqual(free.sort(), ['block', 'catch', 'catch_all', 'delegate', 'drop', 'else', 'end', 'loop', 'nop', 'try', 'try_table', 'unreachable'])
  assert.ok(OPCODES.every(({ id, name }) => free.includes(name) || instructions[id] === 1))
})

for (const [table, what] of [
  [{ 'i32.ad': 1 }, /"i32.ad".*no such instruction/],
  [{ toString: 1 }, /"toString"/],
  [{ 'i32.add': -1 }, /fuelCosts\["i32.add"\].*0 to 1000000/],
  [{ 'i32.add': 1.5 }, /fuelCosts\["i32.add"\]/],
  [{ default: 1_000_001 }, /fuelCosts\["default"\]/],
  [{ page: Number.NaN }, /fuelCosts\["page"\]/],
  [{ element: '1' }, /fuelCosts\["element"\]/],
  [{ kibibyte: 1n }, /fuelCosts\["kibibyte"\]/],
  ['1', /fuelCosts/],
  [5, /fuelCosts/],
] as const)
  test(`no table of costs: ${typeof table === 'object' ? Object.entries(table).map((entry) => entry.join(' ')) : String(table)}`, () => {
    assert.throws(
      () => guard(wat('(module)'), { fuel: table as never }),
      (error) => {
        assert.ok(error instanceof CurfewError)
        assert.equal(error.code, 'invalid-option')
        assert.match(error.message, what)
        return true
      },
    )
  })
