import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InstructionReader } from '../../src/wasm/instructions.ts'
import { readLocals } from '../../src/wasm/locals.ts'
import { parseModule } from '../../src/wasm/module.ts'
import { skipPlain } from '../../src/wasm/skip.ts'
import { randomModule } from '../guard/random-module.ts'
import { wat } from '../support/wat.ts'

const PLAIN = new Set(['local', 'global', 'i32', 'i64', 'memarg'])

/** Every instruction that is passed must be one without control, and where it stops an instruction must begin that is not. */
function compare(bytes: Uint8Array<ArrayBuffer>): number {
  const module = parseModule(bytes)
  const reader = new InstructionReader(module)
  let passed = 0
  for (const [at, start] of module.bodyStarts.entries()) {
    const end = module.bodyEnds[at] as number
    reader.reset(readLocals(module, start, end).codeStart, end, 100_000)
    let stop = skipPlain(bytes, reader.end, end)
    while (reader.next()) {
      const isPlain = reader.op.control === 'none' && reader.op.prefix === 0 && reader.op.immediates.every((kind) => PLAIN.has(kind))
      if (reader.start < stop) {
        assert.ok(isPlain, `${reader.op.name} is passed`)
        assert.ok(reader.end <= stop, `it stops inside ${reader.op.name}`)
        passed++
      } else {
        assert.equal(reader.start, stop)
        assert.ok(!isPlain || (reader.op.immediates[0] === 'memarg' && reader.index0 > 0), `it stops at ${reader.op.name}`)
        stop = skipPlain(bytes, reader.end, end)
      }
    }
    assert.equal(stop, end)
  }
  return passed
}

test('instructions without control are gone past one by one, up to the next that has any, in random modules', () => {
  let passed = 0
  for (let seed = 0; seed < 100; seed++) passed += compare(randomModule(seed))
  assert.ok(passed > 5_000, `only ${passed} instructions were passed`)
})

test('numbers of several bytes are gone past whole, and a memory that is written out, or a float, stops it', () => {
  compare(
    wat(`(module (memory 1) (memory 1) (global $g (mut i64) (i64.const 0))
      (func (param i32) (local i64 f64)
        (i32.store offset=70000 (i32.const -2000000000) (i32.load8_u offset=300 (local.get 0)))
        (i64.store 1 offset=128 align=1 (i32.const 64) (i64.const 0x7fffffffffffffff))
        (local.set 2 (f64.const 0.5))
        (block (br_if 0 (i32.eqz (local.get 0))) (global.set $g (i64.const -129)))
        (memory.fill (i32.const 0) (i32.const 11) (i32.const 200)))
      (func))`),
  )
})
