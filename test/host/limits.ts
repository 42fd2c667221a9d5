/** What a guest may hold. */
import assert from 'node:assert/strict'
import { CAPS, LoadError, StopError, UsageError } from '../../src/index.ts'
import { behaviour, failure, nextTurn, sleep } from '../support/host.ts'
import { wat } from '../support/wat.ts'

/** Long enough for some turns of any thread, ms. */
const TURNS = 50
const PAGE = 65536
const GROWING = wat(`(module (memory 1)
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "size") (result i32) (memory.size)))`)

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

  behaviour('a guest that grows beyond `totalMemoryLimit` is stopped, with all figures; others go on, and so does its module', async (bench) => {
    const host = bench.host({ execTimeout: 5_000, totalMemoryLimit: 100 * PAGE })
    const first = await host.loadModule('first', GROWING)
    const second = await host.loadModule('second', GROWING)
    assert.deepEqual(await first.call('grow', [59]), [1])
    assert.deepEqual(await second.call('grow', [39]), [1], 'up to the limit')
    const error = await failure(second.call('grow', [1]), 'memory-limit')
    assert.ok(error instanceof StopError)
    const { used, dropped, limit, ...rest } = error.figures
    assert.equal(limit, 100 * PAGE)
    assert.ok((used as number) > 100 * PAGE && dropped === 0, `${used} used, ${dropped} dropped, ${JSON.stringify(rest)}`)
    assert.match(error.message, new RegExp(`${used} bytes.*\`totalMemoryLimit\` of ${limit}`))
    assert.deepEqual(await first.call('size'), [60])
    assert.deepEqual(await second.call('size'), [1])
    assert.deepEqual(first.stats.outcomes, { ok: 2 })
  })

  behaviour('so is one that grows in a synchronous call', async (bench) => {
    const module = await bench.load('(module (memory 1) (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))', {
      host: { execTimeout: 5_000, totalMemoryLimit: 100 * PAGE },
    })
    await failure(() => module.callSync('grow', [100]), 'memory-limit')
    assert.deepEqual(await module.call('grow', [99]), [1])
  })

  behaviour('a module whose memory does not fit `totalMemoryLimit` is not loaded; it is when another was closed', async (bench) => {
    const host = bench.host({ execTimeout: 5_000, totalMemoryLimit: 10 * PAGE })
    const first = await host.loadModule('first', wat('(module (memory 6))'))
    const error = await failure(host.loadModule('second', wat('(module (memory 5))')), 'limit-exceeded')
    assert.ok(error instanceof LoadError)
    assert.equal(error.module, 'second')
    assert.deepEqual([error.figures.used, error.figures.limit], [11 * PAGE, 10 * PAGE])
    // What was used in this turn is not garbage yet, and a thread may be some turns behind
    await sleep(TURNS)
    await host.loadModule('third', wat('(module (memory 4))'))
    await first.close()
    await sleep(TURNS)
    await host.loadModule('second', wat('(module (memory 5))'))
    assert.deepEqual([...host.modules.keys()], ['third', 'second'])
  })

  behaviour('garbage counts, but stops nobody for whom there is room once it is collected', async (bench) => {
    const host = bench.host({ execTimeout: 5_000, totalMemoryLimit: 100 * PAGE })
    const module = await host.loadModule('growing', GROWING)
    for (let restart = 0; restart < 10; restart++) {
      assert.deepEqual(await module.call('grow', [80]), [1])
      await failure(module.call('grow', [80]), 'memory-limit')
      await sleep(1)
    }
  })

  behaviour('without room for its next instance a module is broken, and recovers when there is room', async (bench) => {
    const host = bench.host({ execTimeout: 5_000, totalMemoryLimit: 100 * PAGE })
    const text = '(module (memory 50) (func (export "trap") unreachable) (func (export "ok") (result i32) (i32.const 1)))'
    const trapping = await host.loadModule('trapping', wat(text))
    const growing = await host.loadModule('growing', GROWING)
    await failure(trapping.call('trap'), 'trap')
    assert.deepEqual(growing.callSync('grow', [59]), [1], 'garbage of this turn does not count against it yet')
    const error = await failure(trapping.call('ok'), 'broken')
    assert.ok(error instanceof UsageError)
    assert.ok(error.cause instanceof LoadError)
    assert.equal(error.cause.code, 'limit-exceeded')
    assert.equal(error.cause.figures.used, 110 * PAGE)
    await growing.close()
    for (let attempt = 0; attempt < 500; attempt++) {
      if ((await trapping.call('ok').catch(({ code }) => code)) !== 'broken') break
      await sleep(10)
    }
    assert.deepEqual(await trapping.call('ok'), [1])
  })

  behaviour('guests that share a memory count once', async (bench) => {
    const host = bench.host({ execTimeout: 5_000, totalMemoryLimit: 10 * PAGE })
    const memory = { shared: true as const, value: new WebAssembly.Memory({ initial: 6, maximum: 20 }) }
    const text = wat('(module (import "env" "memory" (memory 1)) (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))')
    const options = { imports: { env: { memory } }, restart: 'never' as const }
    const first = await host.loadModule('first', text, options)
    const second = await host.loadModule('second', text, options)
    assert.deepEqual(await first.call('grow', [4]), [6])
    assert.equal((await failure(second.call('grow', [1]), 'memory-limit')).figures.used, 11 * PAGE)
  })

  behaviour('what a guest has another grow, through a table that both share, stops it', async (bench) => {
    const host = bench.host({ execTimeout: 5_000, totalMemoryLimit: 10 * PAGE })
    const table = { shared: true as const, value: new WebAssembly.Table({ initial: 1, maximum: 1, element: 'anyfunc' }) }
    const options = { imports: { env: { table } }, restart: 'never' as const }
    const helper = `(module (import "env" "table" (table 1 funcref)) (memory 1) (elem (i32.const 0) $grow)
      (func $grow (result i32) (memory.grow (i32.const 20))))`
    const calling = '(module (import "env" "table" (table 1 funcref)) (func (export "run") (result i32) (call_indirect (result i32) (i32.const 0))))'
    const grown = await host.loadModule('grown', wat(helper), options)
    const caller = await host.loadModule('caller', wat(calling), options)
    const error = await failure(caller.call('run'), 'memory-limit')
    assert.deepEqual([error.figures.used, grown.memorySize], [21 * PAGE, 21 * PAGE])
  })

  behaviour('`stats()` of a host says what it has and does now', async (bench) => {
    const host = bench.host({ execTimeout: 5_000, totalMemoryLimit: 64 * 1024 * 1024 })
    assert.deepEqual(host.stats().calls, { running: 0, waiting: 0 })
    const module = await host.loadModule('plugin', wat('(module (memory 3) (func (export "f")))'), { instances: 2 })
    await module.use(async () => {
      await module.use(async () => {
        const waiting = [module.call('f'), module.call('f')]
        while (host.stats().calls.waiting < 2) await nextTurn()
        const { modules, memory, instances } = host.stats()
        assert.deepEqual([modules, instances], [1, 2])
        assert.deepEqual(memory, { used: 6 * 65_536, dropped: memory.dropped, limit: 64 * 1024 * 1024 })
        void Promise.all(waiting)
      })
    })
    await module.close()
    assert.deepEqual(host.stats().calls, { running: 0, waiting: 0 })
    const { modules, memory, instances } = host.stats()
    assert.deepEqual([modules, memory.used, instances], [0, 0, 0])
  })
}
