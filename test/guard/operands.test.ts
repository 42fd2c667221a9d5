/** The estimate of what V8's compiler takes for a function: its parts against the engine, and that it cannot be cheated. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LoadError } from '../../src/errors.ts'
import { type GuardOptions, guard } from '../../src/guard/guard.ts'
import { OPERANDS } from '../../src/guard/operands.ts'
import { type Immediate, OPCODES, type Opcode } from '../../src/wasm/opcodes.ts'
import { EXTERNREF, FUNCREF, refType, type ValType } from '../../src/wasm/types.ts'
import { type ImmediateValue, instruction, type Writer } from '../../src/wasm/writer.ts'
import { build, type Emit, type FunctionSpec, times } from './build.ts'

const TYPES: readonly ValType[] = ['i32', 'i64', 'f32', 'f64', 'v128', FUNCREF, EXTERNREF, refType(true, 'any'), refType(true, 'i31'), refType(true, 'eq')]

function* combinations(length: number): Generator<ValType[]> {
  if (length === 0) yield []
  else for (const rest of combinations(length - 1)) for (const type of TYPES) yield [...rest, type]
}

/** A body that gets these parameters, in a module that has one of everything. */
function isValid(params: readonly ValType[], write: (writer: Writer) => void): boolean {
  const sections = {
    4: (w: Writer) => w.bytes(Uint8Array.of(1, 0x70, 0, 1)),
    5: (w: Writer) => w.bytes(Uint8Array.of(1, 0, 1)),
    6: (w: Writer) => w.bytes(Uint8Array.of(1, 0x7f, 1, 0x41, 0, 0x0b)),
    9: (w: Writer) => w.bytes(Uint8Array.of(1, 1, 0, 1, 0)),
    11: (w: Writer) => w.bytes(Uint8Array.of(1, 1, 0)),
    12: (w: Writer) => w.u32(1),
  }
  return WebAssembly.validate(build({ types: [[params, []]], functions: [{ locals: [[1, 'i32']], body: (_, writer) => write(writer) }], sections }))
}

function alignmentOf(name: string): number {
  if (!name.includes('atomic')) return 0
  const narrow = /(?:rmw|load|store)(8|16|32)/.exec(name)?.[1]
  return Math.log2(Number(narrow ?? (/^i64|wait64/.test(name) ? 64 : 32)) / 8)
}

function immediatesOf({ name, immediates }: Opcode, local: number): ImmediateValue[] {
  const values: Partial<Record<Immediate, ImmediateValue>> = {
    local,
    memarg: { align: alignmentOf(name), offset: 0 },
    v128: new Uint8Array(16),
    lanes16: new Uint8Array(16),
    valtypes: ['i32'],
    heap: /ref\.(test|cast)/.test(name) ? 'i31' : 'func',
  }
  return immediates.map((kind) => values[kind] ?? 0)
}

/** What an instruction pops and pushes, found by trying. */
function effectOf(op: Opcode): number | undefined {
  for (let count = 0; count <= 3; count++) {
    for (const params of combinations(count)) {
      const attempt = (write: (writer: Writer) => void) =>
        isValid(params, (writer) => {
          for (const index of params.keys()) instruction(writer, 'local.get', index)
          instruction(writer, op.name, ...immediatesOf(op, count))
          write(writer)
        })
      if (!attempt((writer) => instruction(writer, 'unreachable'))) continue
      if (attempt(() => undefined)) return 0 - count
      if (attempt((writer) => instruction(writer, 'drop'))) return 1 - count
    }
  }
  return undefined
}

test('what each instruction does to the operand stack is what the engine says', () => {
  const unknown: string[] = []
  for (const op of OPCODES) {
    if (op.control !== 'none' || op.feature === 'gc-heap') continue
    const effect = effectOf(op)
    if (effect === undefined) unknown.push(op.name)
    else assert.equal(OPERANDS[op.id], effect, op.name)
  }
  // What an engine does not know cannot be tried
  assert.ok(unknown.length < 30, unknown.join(' '))
})

/** A cap that is quick to reach. */
const RAISED: GuardOptions = { caps: { functionSize: 8_000_000, functionComplexity: 2_500_000, growth: 1_000 } }
/** Compiled, not run: it returns at once. */
const compiledOnly = (emit: Emit) => {
  emit('i32.const', 1)
  emit('br_if', 0)
}

/** Each holds the thread for long in raw V8 as its size grows; the factor is for how much the estimate may be off. */
const BOMBS: Readonly<Record<string, (size: number) => FunctionSpec>> = {
  'branches over many locals': (size) => ({
    locals: [[4_000, 'i32']],
    body: (emit) => {
      compiledOnly(emit)
      times(size / 2, (at) => {
        emit('local.get', at)
        emit('if', 'empty')
        emit('end')
      })
    },
  }),
  'many locals in registers, many looked for': (size) => ({
    locals: [[4_000, 'i32']],
    body: (emit) => {
      compiledOnly(emit)
      times(10 * size, (at) => {
        emit('local.get', at % 20)
        emit('local.get', (at + 7) % 20)
        emit('i32.add')
        emit('local.set', (at + 3) % 20)
      })
    },
  }),
  rotations: (size) => ({
    locals: [[4_000, 'i32']],
    body: (emit) => {
      compiledOnly(emit)
      times(20 * size, () => {
        emit('local.get', 0)
        emit('local.get', 0)
        emit('i32.rotl')
        emit('local.set', 0)
      })
    },
  }),
  'references taken': (size) => ({
    locals: [[4_000, 'i32']],
    body: (emit) => {
      compiledOnly(emit)
      times(20 * size, () => {
        emit('ref.func', 0)
        emit('drop')
      })
    },
  }),
  'a high operand stack': (size) => ({
    locals: [[20, 'i32']],
    body: (emit) => {
      compiledOnly(emit)
      times(20, (at) => {
        emit('local.get', 0)
        emit('i32.const', at)
        emit('i32.add')
        emit('local.set', at)
      })
      times(4_000, () => emit('i32.const', 1))
      times(10 * size, (at) => {
        emit('local.get', at % 20)
        emit('local.get', (at + 7) % 20)
        emit('i32.add')
        emit('local.set', (at + 3) % 20)
      })
      emit('unreachable')
    },
  }),
  'code that is never reached, which lowers the operand stack': (size) => ({
    locals: [[4_000, 'i32']],
    body: (emit) => {
      compiledOnly(emit)
      emit('block', 'empty')
      emit('br', 0)
      times(5_000, () => emit('drop'))
      times(20, () => {
        emit('nop')
        emit('br_if', 0)
      })
      emit('end')
      times(size / 2, () => {
        emit('local.get', 0)
        emit('if', 'empty')
        emit('end')
      })
    },
  }),
  'calls with many results': (size) => ({
    body: (emit) => {
      compiledOnly(emit)
      times(900, () => emit('i64.const', 1n))
      times(size / 4, () => emit('call', 1))
      emit('unreachable')
    },
  }),
  'jumps that carry many values': (size) => ({
    body: (emit) => {
      compiledOnly(emit)
      times(900, () => emit('i64.const', 1n))
      times(2 * size, () => {
        emit('block', 1)
        emit('i64.const', 1n)
        emit('i32.const', 1)
        emit('br_if', 0)
        emit('drop')
        emit('end')
      })
      emit('unreachable')
    },
  }),
}

const MANY = new Array<ValType>(900).fill('i64')

function bomb(spec: FunctionSpec): Uint8Array<ArrayBuffer> {
  const functions = [spec, { type: 1, body: (emit: Emit) => emit('unreachable') }]
  return build({
    types: [
      [[], []],
      [MANY, MANY],
    ],
    functions,
    sections: { 9: (w) => w.bytes(Uint8Array.of(1, 3, 0, 1, 0)) },
    padding: 100_000,
  })
}

/** Milliseconds that the first call takes, which compiles. */
function compileTime(bytes: Uint8Array<ArrayBuffer>): number {
  const { run } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as { run: () => void }
  const started = performance.now()
  run()
  return performance.now() - started
}

function isRefused(bytes: Uint8Array): boolean {
  try {
    guard(bytes, RAISED)
    return false
  } catch (error) {
    assert.ok(error instanceof LoadError && error.code === 'limit-exceeded' && /functionComplexity/.test(error.message), String(error))
    return true
  }
}

for (const [name, spec] of Object.entries(BOMBS)) {
  test(`${name}: refused before compiling it would take long`, (t) => {
    const sizes = Array.from({ length: 16 }, (_, power) => 2 ** power)
    const refused = sizes.find((size) => isRefused(bomb(spec(size))))
    assert.ok(refused !== undefined, 'never refused')
    const below = sizes[sizes.indexOf(refused) - 1]
    assert.ok(below !== undefined, 'refused whatever its size')
    const accepted = compileTime(bomb(spec(below)))
    const raw = compileTime(bomb(spec(refused)))
    t.diagnostic(`accepted: ${accepted.toFixed(1)} ms, refused: ${raw.toFixed(1)} ms, both as raw V8 compiles them`)
    assert.ok(accepted < 250, `accepted, but takes ${accepted} ms`)
  })
}

test('functions as compilers make them are far below the cap', () => {
  const spec: FunctionSpec = {
    locals: [[300, 'i32']],
    body: (emit) =>
      times(200, (at) => {
        emit('block', 'empty')
        times(30, (n) => {
          emit('local.get', (at + n) % 300)
          emit('i32.const', 13)
          emit('i32.rotl')
          emit('local.set', n)
        })
        emit('local.get', at)
        emit('br_if', 0)
        emit('end')
      }),
  }
  assert.ok(!isRefused(bomb(spec)))
})
