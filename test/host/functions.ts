/** Functions of a guest as values. */
import assert from 'node:assert/strict'
import { behaviour, failure, fixture } from '../support/host.ts'

type Wrapped = (...args: unknown[]) => Promise<unknown[]>

const TABLE = `(module
  (type $f (func (param i32) (result i32)))
  (table 4 funcref)
  (global $n (mut i32) (i32.const 0))
  (func $double (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2)))
  (func $bump (result i32) (global.set $n (i32.add (global.get $n) (i32.const 1))) (global.get $n))
  (func $wide (param i64) (result i64) (i64.add (local.get 0) (i64.const 1)))
  (elem declare func $double $bump $wide)
  (func (export "double") (result funcref) (ref.func $double))
  (func (export "bump") (result funcref) (ref.func $bump))
  (func (export "wide") (result funcref) (ref.func $wide))
  (func (export "same") (param funcref) (result funcref) (local.get 0))
  (func (export "apply") (param funcref i32) (result i32)
    (table.set (i32.const 0) (local.get 0))
    (call_indirect (type $f) (local.get 1) (i32.const 0)))
  (func (export "fail") unreachable))`

export function functions(): void {
  behaviour('a function that a guest returns is called like an export: metered, its results an array', async (bench) => {
    const module = await bench.load(TABLE)
    const [double] = (await module.call('double')) as [Wrapped]
    assert.deepEqual(await double(21), [42])
    const [wide] = module.callSync('wide') as [Wrapped]
    assert.deepEqual(await wide(1n), [2n])
    assert.equal(module.stats.outcomes.ok, 4)
  })

  behaviour('a function that a guest returns cannot outlive the deadline', async (bench) => {
    const module = await bench.load('types', { host: { execTimeout: 200 } })
    const [endless] = (await module.call('endless_ref')) as [Wrapped]
    const error = await failure(endless(), 'deadline')
    assert.equal(error.module, 'types')
    assert.deepEqual(await module.call('i32', [1]), [1])
  })

  behaviour('its arguments are checked like those of a call', async (bench) => {
    const module = await bench.load(TABLE)
    const [double] = (await module.call('double')) as [Wrapped]
    await failure(double('21'), 'bad-argument')
    await failure(double(), 'bad-argument')
    const [wide] = (await module.call('wide')) as [Wrapped]
    await failure(wide(1), 'bad-argument')
    assert.equal(module.stats.restarts, 0)
  })

  behaviour('it waits for the calls of its module, and sees their state', async (bench) => {
    const module = await bench.load(TABLE)
    const [bump] = (await module.call('bump')) as [Wrapped]
    assert.deepEqual(await Promise.all([bump(), bump(), bump()]), [[1], [2], [3]])
  })

  behaviour('it can be passed back in, and is the same function each time it comes out', async (bench) => {
    const module = await bench.load(TABLE)
    const [double] = (await module.call('double')) as [Wrapped]
    assert.deepEqual(await module.call('apply', [double, 4]), [8])
    assert.deepEqual(module.callSync('apply', [double, 5]), [10])
    assert.equal((await module.call('same', [double]))[0], double)
    assert.deepEqual(await module.call('same', [null]), [null])
    await module.use(async (instance) => assert.deepEqual(await instance.call('apply', [double, 6]), [12]))
  })

  behaviour('a function of the host, of another module or of a raw instance is refused, and harms nothing', async (bench) => {
    const module = await bench.load(TABLE)
    const other = await bench.load(TABLE)
    const [foreign] = (await other.call('double')) as [Wrapped]
    const raw = new WebAssembly.Instance(new WebAssembly.Module(fixture('add'))).exports.add
    for (const value of [() => 1, foreign, raw]) {
      for (const attempt of [
        () => module.call('same', [value]),
        () => module.callSync('same', [value]),
        () => module.use((instance) => instance.call('same', [value])),
      ]) {
        const error = await failure(attempt)
        assert.ok(error.code === 'bad-argument' || error.code === 'stale', error.code)
        assert.equal(error.ran, false)
        assert.equal(error.function, 'same')
      }
      // What was refused has given everything back
      assert.deepEqual(await module.call('same', [null]), [null])
    }
    assert.equal(module.stats.restarts, 0)
  })

  behaviour('a refused function does no harm to calls that wait for their turn', async (bench) => {
    const host = bench.host({ execTimeout: 5_000 })
    const [spinner, module] = [await host.loadModule('spinner', fixture('infinite_loop')), await host.loadModule('types', fixture('types'))]
    await failure(() => spinner.callSync('loop', [], { timeout: 5 }), 'deadline')
    const refused = failure(module.call('funcref', [() => 1]), 'bad-argument')
    const waiting = module.call('i32', [1])
    await refused
    assert.deepEqual(await waiting, [1])
    await module.use(async (instance) => {
      await failure(() => spinner.callSync('loop', [], { timeout: 5 }), 'deadline')
      await failure(instance.call('funcref', [() => 1]), 'bad-argument')
      assert.deepEqual(await instance.call('i32', [2]), [2])
    })
  })

  behaviour('after a restart it is stale, to be called and to be passed', async (bench) => {
    const module = await bench.load(TABLE)
    const [double] = (await module.call('double')) as [Wrapped]
    await failure(module.call('fail'), 'trap')
    await failure(double(1), 'stale')
    await failure(module.call('apply', [double, 1]), 'stale')
    assert.deepEqual(await module.call('same', [null]), [null])
  })

  behaviour('after a close it is closed', async (bench) => {
    const module = await bench.load(TABLE)
    const [double] = (await module.call('double')) as [Wrapped]
    await module.close()
    await failure(double(1), 'closed')
  })

  behaviour('functions pass through externref as the values they are', async (bench) => {
    const module = await bench.load('types')
    const value = () => 1
    assert.equal((await module.call('externref', [value]))[0], value)
    assert.equal(module.callSync('externref', [value])[0], value)
  })
}
