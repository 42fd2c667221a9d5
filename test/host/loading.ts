/** Names, what is loaded, and what is refused. */
import assert from 'node:assert/strict'
import { LoadError } from '../../src/index.ts'
import { behaviour, failure, fixture } from '../support/host.ts'
import { wat } from '../support/wat.ts'

export function loading(): void {
  behaviour('a name in use is refused before anything is compiled, a name being loaded too', async (bench) => {
    const host = bench.host()
    const first = host.loadModule('plugin', fixture('add'))
    await failure(host.loadModule('plugin', Uint8Array.of(1)), 'name-in-use')
    await first
    const error = await failure(host.loadModule('plugin', Uint8Array.of(1)), 'name-in-use')
    assert.ok(error instanceof LoadError)
    assert.match(error.message, /there is a module "plugin" already/)
    await host.loadModule('plugin ', fixture('add'))
  })

  behaviour('a load that fails frees its name', async (bench) => {
    const host = bench.host()
    for (let attempt = 0; attempt < 2; attempt++) await failure(host.loadModule('plugin', Uint8Array.of(1)), 'malformed')
    await host.loadModule('plugin', fixture('add'))
  })

  behaviour('names of object properties are names like any other', async (bench) => {
    const host = bench.host({ execTimeout: 5_000 })
    for (const name of ['__proto__', 'constructor', 'toString', '0']) {
      const module = await host.loadModule(name, fixture('add'))
      assert.equal(host.modules.get(name), module)
      assert.deepEqual(await module.call('add', [1, 2]), [3])
    }
    assert.deepEqual([...host.modules.keys()], ['__proto__', 'constructor', 'toString', '0'])
  })

  behaviour('`modules` is a copy that does not change under its reader', async (bench) => {
    const host = bench.host()
    const module = await host.loadModule('a', fixture('add'))
    const before = host.modules
    await host.loadModule('b', fixture('add'))
    ;(before as Map<string, unknown>).delete('a')
    assert.deepEqual([...host.modules.keys()], ['a', 'b'])
    assert.equal(host.modules.get('a'), module)
  })

  behaviour('bytes that are no module are malformed, with the byte offset', async (bench) => {
    const host = bench.host()
    for (const bytes of [Uint8Array.of(), Uint8Array.of(0, 97, 115), new TextEncoder().encode('(module)'), fixture('add').subarray(0, -1)]) {
      const error = await failure(host.loadModule('plugin', bytes), 'malformed')
      assert.ok(error instanceof LoadError)
      assert.equal(error.module, 'plugin')
      assert.equal(typeof error.offset, 'number')
      assert.match(error.message, /byte offset \d+/)
      assert.equal(error.ran, false)
    }
    assert.equal(host.modules.size, 0)
  })

  behaviour('a module that does not validate is refused as invalid', async (bench) => {
    const error = await failure(bench.load('(module (func (export "f") (result i32) (i64.const 1)))'), 'invalid-module')
    assert.ok(error instanceof LoadError)
    assert.equal(error.module, 'text')
  })

  behaviour('an active segment out of bounds is an instantiation that failed, with the cause', async (bench) => {
    const error = await failure(bench.load('(module (memory 1) (data (i32.const 65535) "ab"))'), 'instantiation-failed')
    assert.ok(error.cause instanceof WebAssembly.RuntimeError)
  })

  behaviour('features whose memory no limit can bound are refused', async (bench) => {
    for (const text of ['(module (type (struct (field i32))))', '(module (memory 1 1 shared))', '(module (import "env" "tag" (tag)))'])
      await failure(bench.load(text, { imports: { env: { tag: {} } } }), 'unsupported-feature')
  })

  behaviour('what the caller does with the bytes afterwards does not matter', async (bench) => {
    const host = bench.host({ execTimeout: 5_000 })
    const bytes = fixture('add')
    const loading = host.loadModule('add', bytes)
    bytes.fill(0)
    assert.deepEqual(await (await loading).call('add', [1, 2]), [3])
  })

  behaviour('a module without code loads', async (bench) => {
    const host = bench.host({ execTimeout: 5_000 })
    const module = await host.loadModule('empty', wat('(module)'))
    assert.deepEqual(module.exports, [])
    assert.deepEqual(module.imports, [])
    assert.match((await failure(module.call('run'), 'no-such-function')).message, /the module exports none/)
  })

  behaviour('a function that is imported and exported again is called like any other', async (bench) => {
    const module = await bench.load('(module (import "env" "twice" (func $twice (param i32) (result i32))) (export "twice" (func $twice)))', {
      imports: { env: { twice: (value: number) => 2 * value } },
    })
    assert.deepEqual(await module.call('twice', [21]), [42])
    assert.deepEqual(module.callSync('twice', [4]), [8])
  })

  behaviour('what has been guarded already is refused: nobody would drive the checks that are in it', async (bench) => {
    const { guard } = await import('../../src/guard/index.ts')
    const host = bench.host()
    const padding = (size: number) => `(func (export "pad") ${'(drop (i32.const 1))'.repeat(size)})`
    // On this thread, and on the helper's
    for (const size of [1, 5_000])
      for (const fuel of [false, true]) {
        const { bytes } = guard(wat(`(module (func (export "loop") (loop $l (br $l))) ${padding(size)})`), { fuel })
        assert.match((await failure(host.loadModule('twice', bytes), 'invalid-source')).message, /guarded already/)
      }
    assert.equal(host.modules.size, 0)
    // Without code there is nothing to drive
    const empty = await host.loadModule('empty', guard(wat('(module (memory 1) (export "memory" (memory 0)))')).bytes)
    assert.deepEqual(
      empty.exports.map(({ name }) => name).filter((name) => name === 'memory'),
      ['memory'],
    )
  })

  behaviour('a hundred modules load at once', async (bench) => {
    const host = bench.host({ execTimeout: 5_000 })
    const modules = await Promise.all(Array.from({ length: 100 }, (_, at) => host.loadModule(`m${at}`, fixture('counter'))))
    assert.equal(host.modules.size, 100)
    const results = await Promise.all(modules.map((module) => module.call('increment')))
    assert.ok(results.every(([value]) => value === 1))
  })
}
