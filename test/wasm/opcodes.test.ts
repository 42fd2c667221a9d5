import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseModule } from '../../src/wasm/module.ts'
import { OPCODES, type Opcode, opcode, opcodesOf, PLAIN_OPCODES } from '../../src/wasm/opcodes.ts'
import { Reader } from '../../src/wasm/reader.ts'
import { wat } from '../support/wat.ts'

test('ids are dense, names and encodings unique', () => {
  for (const [at, { id }] of OPCODES.entries()) assert.equal(id, at)
  assert.equal(new Set(OPCODES.map(({ name }) => name)).size, OPCODES.length)
  assert.equal(new Set(OPCODES.map(({ prefix, code }) => `${prefix} ${code}`)).size, OPCODES.length)
})

test('each proposal has all of its instructions', () => {
  const counts: Record<string, number> = {}
  for (const { feature } of OPCODES) counts[feature] = (counts[feature] ?? 0) + 1
  assert.deepEqual(counts, {
    mvp: 172,
    'exceptions-legacy': 5,
    exceptions: 3,
    'tail-calls': 2,
    'typed-references': 5,
    'reference-types': 9,
    'sign-extension': 5,
    gc: 12,
    'gc-heap': 20,
    'saturating-float': 8,
    'bulk-memory': 7,
    simd: 236,
    'relaxed-simd': 20,
    atomics: 67,
  })
})

test('every instruction is found by its name and by its code', () => {
  for (const each of OPCODES) {
    assert.equal(opcode(each.name), each)
    assert.equal((each.prefix === 0 ? PLAIN_OPCODES : opcodesOf(each.prefix))?.[each.code], each)
  }
  assert.throws(() => opcode('i32.frob'), /no instruction is called i32\.frob/)
  assert.equal(opcodesOf(0xfa), undefined)
})

test('codes are those of an assembler that knows nothing of this table', () => {
  let compared = 0
  for (const each of OPCODES) {
    const text = asText(each)
    if (text === undefined) continue
    const reader = firstInstruction(wat(`(module (memory 1) (func ${text}))`))
    const first = reader.u8('an opcode')
    assert.equal(each.prefix === 0 ? first : reader.u32('an opcode'), each.code, each.name)
    if (each.prefix !== 0) assert.equal(first, each.prefix, each.name)
    compared++
  }
  assert.equal(compared, 498)
})

/** How to write an instruction that needs nothing around it. */
function asText({ name, immediates, control }: Opcode): string | undefined {
  const [first, second] = immediates
  if (control === 'end' || control === 'else' || control === 'catch_all' || name === 'throw_ref') return undefined
  if (first === undefined || first === 'ordering' || (first === 'memarg' && second === undefined)) return name
  if (first === 'i32' || first === 'i64' || first === 'f32' || first === 'f64' || first === 'lane') return `${name} 0`
  return first === 'memarg' && second === 'lane' ? `${name} 0` : undefined
}

function firstInstruction(bytes: Uint8Array): Reader {
  const { bodyStarts } = parseModule(bytes)
  return new Reader(bytes, (bodyStarts[0] as number) + 1)
}

test('what ends or moves control says so', () => {
  const names = (control: Opcode['control']) => OPCODES.filter((each) => each.control === control).map(({ name }) => name)
  assert.deepEqual(names('br_if'), ['br_if', 'br_on_null', 'br_on_non_null', 'br_on_cast', 'br_on_cast_fail'])
  assert.deepEqual(names('call'), ['call', 'call_indirect', 'call_ref'])
  assert.deepEqual(names('return_call'), ['return_call', 'return_call_indirect', 'return_call_ref'])
  assert.deepEqual(names('throw'), ['throw', 'rethrow', 'throw_ref'])
})
