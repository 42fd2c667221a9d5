/** The helper functions: what is charged for lengths of 32 and 64 bits, whatever their high bits say. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { attachHook, MAX_CREDIT, makeHook } from '../../src/abi.ts'
import { BULK_POLL, PER_BYTE, PER_ELEMENT } from '../../src/guard/costs.ts'
import { guard } from '../../src/guard/guard.ts'
import { parseModule } from '../../src/wasm/module.ts'
import { Reader } from '../../src/wasm/reader.ts'
import { Writer } from '../../src/wasm/writer.ts'
import { wat } from '../support/wat.ts'

interface Helpers {
  readonly bulk: (length: number, perUnit: number) => void
  readonly bulk64: (length: bigint, perUnit: number) => void
}

/** A guarded module that exports its helpers. */
function withHelpers(): { readonly helpers: Helpers; readonly counter: WebAssembly.Global; readonly polls: () => number } {
  const { bytes, abi, module: original } = guard(wat('(module (func (export "f")))'))
  const writer = new Writer()
  writer.header()
  for (const { id, start, end, payload } of parseModule(bytes).sections) {
    if (id !== 7) {
      writer.bytes(bytes, start, end)
      continue
    }
    const reader = new Reader(bytes, payload, end)
    const count = reader.u32('a count')
    writer.section(7, (w) => {
      w.u32(count + 2)
      w.bytes(bytes, reader.offset, end)
      for (const [offset, name] of ['bulk', 'bulk64'].entries()) {
        w.name(name)
        w.u8(0)
        w.u32(original.functions.length + 1 + offset)
      }
    })
  }
  const instance = new WebAssembly.Instance(new WebAssembly.Module(writer.finish()))
  let polls = 0
  const poll = () => {
    polls++
    return MAX_CREDIT
  }
  const { counter } = attachHook(instance, abi, makeHook({ poll }))
  assert.ok(counter)
  return { helpers: instance.exports as unknown as Helpers, counter, polls: () => polls }
}

for (const perUnit of [PER_BYTE, PER_ELEMENT]) {
  test(`up to ${BULK_POLL} units at ${perUnit} each are charged by length, longer ones poll`, () => {
    const { helpers, counter, polls } = withHelpers()
    const credit = 2 ** 31 - 1
    for (const length of [0, 1, 1_000, BULK_POLL]) {
      for (const call of [() => helpers.bulk(length, perUnit), () => helpers.bulk64(BigInt(length), perUnit)]) {
        counter.value = credit
        call()
        assert.equal(counter.value, credit - length * perUnit)
      }
    }
    assert.equal(polls(), 0)
    const long = [BULK_POLL + 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1]
    for (const length of long) helpers.bulk(length, perUnit)
    assert.equal(polls(), long.length)
    const longer = [BigInt(BULK_POLL) + 1n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 32n + 1n, 2n ** 33n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 63n + 1n, -1n]
    for (const length of longer) helpers.bulk64(length, perUnit)
    assert.equal(polls(), long.length + longer.length)
  })
}

test('a charge that the counter cannot bear polls', () => {
  const { helpers, counter, polls } = withHelpers()
  counter.value = 2
  helpers.bulk(1, PER_BYTE)
  assert.equal(polls(), 1)
  assert.equal(counter.value, MAX_CREDIT)
})
