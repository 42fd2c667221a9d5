/** What a guest may hold. */
import assert from 'node:assert/strict'
import { CAPS, LoadError } from '../../src/index.ts'
import { behaviour, failure } from '../support/host.ts'

const PAGE = 65536

export function limits(): void {
  behaviour('a memory that is declared above `memoryLimit` is refused, with both figures', async (bench) => {
    const error = await failure(bench.load('(module (memory 3))', { host: { memoryLimit: 2 * PAGE } }), 'limit-exceeded')
    assert.ok(error instanceof LoadError)
    assert.match(error.message, new RegExp(`${3 * PAGE}.*${2 * PAGE}`))
    assert.ok(Object.values(error.figures).includes(3 * PAGE) && Object.values(error.figures).includes(2 * PAGE), JSON.stringify(error.figures))
    await failure(bench.load('(module (memory 2) (memory 1))', { host: { memoryLimit: 2 * PAGE } }), 'limit-exceeded')
    await bench.load('(module (memory 2))', { host: { memoryLimit: 2 * PAGE } })
    await bench.load('(module (memory 3))', { host: { memoryLimit: 2 * PAGE }, memoryLimit: 3 * PAGE })
  })

  behaviour('growth beyond `memoryLimit` fails with -1, and the guest goes on', async (bench) => {
    const module = await bench.load('memory_hog', { host: { execTimeout: 5_000, memoryLimit: 10 * PAGE } })
    assert.deepEqual(await module.call('grow', [10]), [-1])
    assert.deepEqual(await module.call('grow', [9]), [1])
    assert.deepEqual(await module.call('grow', [1]), [-1])
    assert.deepEqual(await module.call('grow', [-1]), [-1])
    assert.deepEqual(await module.call('size'), [10])
    assert.equal(module.memorySize, 10 * PAGE)
  })

  behaviour("a memory's own maximum stays, if it is below the limit", async (bench) => {
    const text = '(module (memory (export "memory") 1 3) (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))'
    const module = await bench.load(text)
    assert.deepEqual(await module.call('grow', [3]), [-1])
    assert.deepEqual(await module.call('grow', [2]), [1])
  })

  behaviour('`memoryLimit` is on the sum of the memories', async (bench) => {
    const text = `(module (memory $a 1) (memory $b 1)
      (func (export "a") (param i32) (result i32) (memory.grow $a (local.get 0)))
      (func (export "b") (param i32) (result i32) (memory.grow $b (local.get 0))))`
    const module = await bench.load(text, { host: { execTimeout: 5_000, memoryLimit: 10 * PAGE } })
    await module.call('a', [8])
    await module.call('b', [8])
    assert.ok(module.memorySize <= 10 * PAGE, `${module.memorySize} bytes`)
  })

  behaviour('a table that is declared above `tableLimit` is refused, and growth beyond it fails with -1', async (bench) => {
    const error = await failure(bench.load('(module (table 11 funcref))', { host: { tableLimit: 10 } }), 'limit-exceeded')
    assert.match(error.message, /11.*10/)
    const text = '(module (table 4 funcref) (func (export "grow") (param i32) (result i32) (table.grow 0 (ref.null func) (local.get 0))))'
    const module = await bench.load(text, { host: { execTimeout: 5_000, tableLimit: 10 } })
    assert.deepEqual(await module.call('grow', [7]), [-1])
    assert.deepEqual(await module.call('grow', [6]), [4])
    assert.deepEqual(await module.call('grow', [1]), [-1])
  })

  behaviour('caps on what loading costs refuse with both figures, and can be raised for a module that is trusted', async (bench) => {
    const globals = `(module ${'(global i32 (i32.const 0))'.repeat(30)})`
    const error = await failure(bench.load(globals, { caps: { globals: 20 } }), 'limit-exceeded')
    assert.match(error.message, /30.*20/)
    assert.equal(error.module, 'text')
    await bench.load(globals, { caps: { globals: 30 } })
    await bench.load(globals)
    assert.equal(CAPS.globals, 10_000)
    assert.ok(Object.isFrozen(CAPS))
  })

  behaviour('a loop over `memory.grow` at its limit ends at its deadline', async (bench) => {
    const text = '(module (memory 1) (func (export "loop") (loop $again (drop (memory.grow (i32.const 1))) (br $again))))'
    const module = await bench.load(text, { host: { execTimeout: 50, memoryLimit: 16 * PAGE } })
    const error = await failure(module.call('loop'), 'deadline')
    assert.ok((error.figures.elapsed as number) < 1_000)
  })
}
