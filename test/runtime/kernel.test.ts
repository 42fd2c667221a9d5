import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { totalmem } from 'node:os'
import { test } from 'node:test'
import { addressSpace, heapLimit, mappings, memoryOfProcess } from '../../src/runtime/kernel.ts'

const linux = { skip: existsSync('/proc/self/maps') ? false : 'the kernel does not tell' }

test('a memory takes address space, by gibibytes', linux, () => {
  const before = addressSpace?.() ?? assert.fail('not read')
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 2 })
  const { used, limit } = addressSpace?.() ?? assert.fail('not read')
  assert.equal(memory.buffer.byteLength, 65_536)
  assert.ok(used - before.used >= 4 * 1024 ** 3, `${used - before.used} bytes`)
  assert.ok(used < limit)
})

test('mappings are counted as the kernel lists them', linux, () => {
  const { limit, count } = mappings ?? assert.fail('not read')
  assert.equal(limit, Number(readFileSync('/proc/sys/vm/max_map_count', 'latin1')))
  const memories: WebAssembly.Memory[] = []
  const before = count()
  const lines = readFileSync('/proc/self/maps', 'latin1').split('\n').length - 1
  assert.ok(Math.abs(before - lines) < 20, `${before} and ${lines}`)
  for (let index = 0; index < 1_000; index++) memories.push(new WebAssembly.Memory({ initial: 1, maximum: 2 }))
  const more = count() - before
  assert.ok(more > 1_900 && more < 2_500, `${more} for ${memories.length} memories`)
})

test('the memory of the process is that of the machine at most', () => {
  assert.ok(memoryOfProcess() > 0 && memoryOfProcess() <= totalmem())
  assert.ok(heapLimit() > 1024 ** 2)
})
