/** What becomes of an instance that was stopped, trapped, or has done its call. */
import assert from 'node:assert/strict'
import { type Lease, UsageError } from '../../src/index.ts'
import { behaviour, failure, fixture, hostCalls, sleep } from '../support/host.ts'

export function restarts(): void {
  behaviour('an instance that trapped is replaced, and nothing of its state is seen again', async (bench) => {
    const text =
      '(module (global $n (mut i32) (i32.const 0)) (func (export "set") (global.set $n (i32.const 5)) unreachable) (func (export "get") (result i32) global.get $n))'
    const module = await bench.load(text)
    await failure(module.call('set'), 'trap')
    assert.deepEqual(await module.call('get'), [0])
    assert.equal(module.stats.restarts, 1)
  })

  behaviour("`onTrap: 'keep'` goes on with an instance that trapped by itself, but not with one that was stopped", async (bench) => {
    const text = `(module (global $n (mut i32) (i32.const 0))
      (func (export "set") (global.set $n (i32.const 5)) unreachable)
      (func (export "loop") (loop $forever (br $forever)))
      (func (export "get") (result i32) global.get $n))`
    const module = await bench.load(text, { onTrap: 'keep', host: { execTimeout: 5_000 } })
    await failure(module.call('set'), 'trap')
    assert.deepEqual(await module.call('get'), [5])
    await failure(() => module.callSync('set'), 'trap')
    assert.deepEqual(module.callSync('get'), [5])
    await failure(module.call('loop', [], { timeout: 10 }), 'deadline')
    assert.deepEqual(await module.call('get'), [0])
    assert.equal(module.stats.restarts, 1)
  })

  behaviour("`restart: 'never'` closes the module at the first stop or trap, and frees its name", async (bench) => {
    const host = bench.host({ execTimeout: 5_000 })
    const looping = await host.loadModule('plugin', fixture('infinite_loop'), { restart: 'never' })
    assert.deepEqual(await looping.call('ready'), [1])
    await failure(looping.call('loop', [], { timeout: 20 }), 'deadline')
    await failure(looping.call('ready'), 'closed')
    await failure(() => looping.callSync('ready'), 'closed')
    await failure(
      looping.use(() => 1),
      'closed',
    )
    assert.equal(host.modules.has('plugin'), false)
    const trapping = await host.loadModule('plugin', fixture('traps'), { restart: 'never' })
    const behind = trapping.call('unreachable')
    const waiting = failure(trapping.call('ok'), 'closed')
    await failure(behind, 'trap')
    assert.equal((await waiting).ran, false)
    await looping.close()
    await trapping.close()
  })

  behaviour("`restart: 'never'` with `onTrap: 'keep'` survives traps", async (bench) => {
    const module = await bench.load('traps', { restart: 'never', onTrap: 'keep' })
    await failure(module.call('unreachable'), 'trap')
    assert.deepEqual(await module.call('ok'), [7])
  })

  behaviour("`reuse: 'never'` gives each call an instance of its own, however it is made", async (bench) => {
    const module = await bench.load('counter', { reuse: 'never' })
    for (let call = 0; call < 3; call++) assert.deepEqual(await module.call('increment'), [1])
    for (let call = 0; call < 3; call++) assert.deepEqual(module.callSync('increment'), [1])
    assert.deepEqual(await Promise.all([1, 2, 3].map(() => module.call('increment'))), [[1], [1], [1]])
    await module.use(async (instance) => {
      assert.deepEqual(await instance.call('increment'), [1])
      assert.deepEqual(await instance.call('increment'), [2], 'a lease is one instance')
    })
    assert.deepEqual(await module.call('count'), [0])
  })

  behaviour("`reuse: 'never'` with `setup` and host functions", async (bench) => {
    const logged: number[] = []
    const setup = async (instance: Lease) => void (await instance.call('nested'))
    const module = await bench.load('host_calls', { reuse: 'never', setup, imports: hostCalls({ log: (value) => logged.push(value) }) })
    for (let call = 0; call < 3; call++) {
      assert.deepEqual(await module.call('nested'), [2])
      await module.call('log', [call])
    }
    await module.use(async (instance) => assert.deepEqual(await instance.call('nested'), [2]))
    assert.deepEqual(logged, [0, 1, 2])
  })

  behaviour('restarts that fail three times in a row make the module broken; after a back-off it recovers', async (bench) => {
    let working = true
    let attempts = 0
    const setup = () => {
      attempts++
      if (!working) throw new Error(`attempt ${attempts} failed`)
    }
    const module = await bench.load('traps', { setup })
    working = false
    await failure(module.call('unreachable'), 'trap')
    const error = await failure(module.call('ok'), 'broken')
    assert.ok(error instanceof UsageError)
    assert.equal(attempts, 4)
    assert.equal(error.ran, false)
    assert.equal(error.figures.failures, 3)
    assert.ok((error.figures.retryIn as number) > 0)
    assert.match((error.cause as Error).message, /attempt 4 failed/)
    assert.match(error.message, /failed to restart 3 times in a row/)
    await failure(() => module.callSync('ok'), 'broken')
    await failure(
      module.use(() => 1),
      'broken',
    )
    assert.equal(attempts, 4, 'nothing is tried during the back-off')
    working = true
    await sleep((error.figures.retryIn as number) + 20)
    assert.deepEqual(await module.call('ok'), [7])
    assert.equal(attempts, 5)
  })

  behaviour('a broken module that is called by `callSync` alone recovers too', async (bench) => {
    let working = true
    const setup = () => {
      if (!working) throw new Error('no')
    }
    const module = await bench.load('traps', { setup })
    working = false
    await failure(() => module.callSync('unreachable'), 'trap')
    await sleep(10)
    const error = await failure(() => module.callSync('ok'), 'broken')
    working = true
    await sleep((error.figures.retryIn as number) + 20)
    await failure(() => module.callSync('ok'), 'busy') // it has the next one made
    await sleep(10)
    assert.deepEqual(module.callSync('ok'), [7])
  })

  behaviour('a module that stays broken backs off for longer each time, and closes like any other', async (bench) => {
    let working = true
    const setup = () => {
      if (!working) throw new Error('no')
    }
    const module = await bench.load('traps', { setup })
    working = false
    await failure(module.call('unreachable'), 'trap')
    const first = await failure(module.call('ok'), 'broken')
    await sleep((first.figures.retryIn as number) + 20)
    const second = await failure(module.call('ok'), 'broken')
    assert.equal(second.figures.failures, 4)
    assert.ok((second.figures.retryIn as number) > (first.figures.retryIn as number))
    await module.close()
    await failure(module.call('ok'), 'closed')
  })

  behaviour('a restart that fails once or twice is tried again at once, unseen by callers', async (bench) => {
    let failures = 0
    const setup = () => {
      if (failures-- > 0) throw new Error('not yet')
    }
    const module = await bench.load('traps', { setup })
    failures = 2
    await failure(module.call('unreachable'), 'trap')
    assert.deepEqual(await module.call('ok'), [7])
  })

  behaviour('callers wait for a slow restart under their own deadlines', async (bench) => {
    let slow = 0
    const module = await bench.load('traps', { setup: () => sleep(slow) })
    slow = 60
    await failure(module.call('unreachable'), 'trap')
    const impatient = await failure(module.call('ok', [], { timeout: 10 }), 'deadline')
    assert.equal(impatient.ran, false)
    assert.equal(impatient.phase, 'queued')
    assert.deepEqual(await module.call('ok'), [7])
    assert.equal(module.stats.generation, 2)
  })

  behaviour('memory that an instance had grown is not there after its restart', async (bench) => {
    const module = await bench.load('memory_hog')
    await failure(module.call('grow_touch_loop', [10], { timeout: 50 }), 'deadline')
    assert.deepEqual(await module.call('size'), [1])
    assert.equal(module.memorySize, 65536)
  })
}
