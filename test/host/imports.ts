/** What a module may be given. */
import assert from 'node:assert/strict'
import { type Imports, LoadError } from '../../src/index.ts'
import { behaviour, failure, fixture, hostCalls } from '../support/host.ts'

const PAGE = 65536
const WITH_MEMORY = `(module
  (import "env" "memory" (memory 1 4))
  (func (export "load") (result i32) (i32.load (i32.const 0)))
  (func (export "store") (param i32) (i32.store (i32.const 0) (local.get 0)))
  (func (export "fail") unreachable))`

export function imports(): void {
  behaviour('missing imports are refused at load, all of them listed with their types', async (bench) => {
    const text = `(module
      (import "env" "log" (func (param i32)))
      (import "env" "f" (func (param i32 i64) (result f32 f64)))
      (import "env" "memory" (memory 1 16))
      (import "env" "table" (table 2 funcref))
      (import "other" "base" (global i32))
      (import "other" "state" (global (mut i64))))`
    const error = await failure(bench.load(text, { imports: { env: { log: () => undefined } } }), 'missing-import')
    assert.ok(error instanceof LoadError)
    assert.equal(error.figures.missing, 5)
    assert.ok(error.message.startsWith('5 imports are missing: '), error.message)
    for (const listed of [
      '"env" "f": function (i32, i64) -> (f32, f64)',
      '"env" "memory": memory 1 to 16',
      '"env" "table": table funcref, 2 or more',
      '"other" "base": global i32',
      '"other" "state": global mut i64',
    ])
      assert.ok(error.message.includes(listed), `${listed} in ${error.message}`)
    assert.ok(!error.message.includes('"log"'))
    assert.match(
      (await failure(bench.load('host_calls', { imports: { env: { log: () => 1, now: () => 1 } } }), 'missing-import')).message,
      /^an import is missing: "env" "callback"/,
    )
    assert.equal((await failure(bench.load('host_calls'), 'missing-import')).figures.missing, 3)
  })

  behaviour('imports are own properties only: nothing is found on a prototype', async (bench) => {
    await failure(bench.load('(module (import "constructor" "constructor" (func)))'), 'missing-import')
    await failure(bench.load('(module (import "env" "constructor" (func)))', { imports: { env: {} } }), 'missing-import')
    await failure(bench.load('(module (import "env" "toString" (func)))', { imports: { env: {} } }), 'missing-import')
    await failure(bench.load('(module (import "__proto__" "toString" (func)))', { imports: {} }), 'missing-import')
    const inherited = Object.create({ log: () => undefined, now: () => 0, callback: () => 0 })
    await failure(bench.load('host_calls', { imports: { env: inherited } }), 'missing-import')
    const named = { ['__proto__']: { ['__proto__']: () => 5 } } as Imports
    const module = await bench.load('(module (import "__proto__" "__proto__" (func $f (result i32))) (func (export "run") (result i32) (call $f)))', {
      imports: Object.assign(Object.create(null), JSON.parse('{"__proto__":{}}')) && named,
    })
    assert.deepEqual(await module.call('run'), [5])
  })

  behaviour('imports that do not fit are named, all of them', async (bench) => {
    const text = `(module (import "env" "f" (func (param i32))) (import "env" "base" (global i32)) (import "env" "g" (func)))`
    const error = await failure(bench.load(text, { imports: { env: { f: 5, base: 'text', g: () => undefined } } }), 'invalid-import')
    assert.match(
      error.message,
      /^2 imports do not fit: import "env" "f" must be function \(i32\) -> \(\), but it is 5; import "env" "base" must be global i32, but it is "text" \(module "text"\)/,
    )
    assert.equal(error.figures.refused, 2)
  })

  behaviour('imports that cannot be looked at are a load error, which says which', async (bench) => {
    const why = new Error('do not look')
    const fail = () => {
      throw why
    }
    const text = '(module (import "env" "f" (func)))'
    for (const imports of [
      { env: Object.defineProperty({}, 'f', { get: fail }) },
      Object.defineProperty({}, 'env', { get: fail }),
      new Proxy({}, { getOwnPropertyDescriptor: fail }),
    ]) {
      const error = await failure(bench.load(text, { imports }), 'invalid-import')
      assert.match(error.message, /^import "env" "f" cannot be read: do not look \(module "text"\)/)
      assert.equal(error.cause, why)
    }
  })

  behaviour('imports are looked up once, at load: changing the object later changes nothing', async (bench) => {
    const logged: string[] = []
    const given = hostCalls({ log: () => logged.push('first') })
    const module = await bench.load('host_calls', { imports: given })
    given.env.log = () => logged.push('second')
    await module.call('log', [1])
    assert.deepEqual(logged, ['first'])
  })

  behaviour('imports of a wrong kind are refused with a message that says which and what it must be', async (bench) => {
    const cases: readonly (readonly [string, unknown, string])[] = [
      ['(func (param i32))', 5, 'must be function (i32) -> (), but it is 5'],
      ['(func)', {}, 'must be function () -> (), but it is an object'],
      ['(func)', undefined, 'but it is undefined'],
      ['(global i32)', '5', 'must be global i32, but it is "5"'],
      ['(global i32)', 1.5, 'must be global i32, but it is 1.5'],
      ['(global i32)', 2 ** 40, 'must be global i32, but it is 1099511627776'],
      ['(global i64)', 5, 'must be global i64, but it is 5'],
      ['(global i64)', 2n ** 70n, 'must be global i64'],
      ['(global f64)', 5n, 'must be global f64, but it is 5n'],
      ['(global (mut i32))', 5, 'each instance needs its own, so pass { factory: () => ... }'],
      ['(memory 1)', new WebAssembly.Memory({ initial: 1 }), 'each instance needs its own, so pass { factory: () => ... }'],
      ['(table 1 funcref)', new WebAssembly.Table({ initial: 1, element: 'anyfunc' }), 'each instance needs its own'],
      ['(memory 1)', { factory: () => 5 }, 'its factory returned 5'],
      ['(table 1 funcref)', { factory: () => new WebAssembly.Memory({ initial: 1 }) }, 'its factory returned an object'],
    ]
    for (const [type, value, message] of cases) {
      const error = await failure(bench.load(`(module (import "env" "it" ${type}))`, { imports: { env: { it: value as never } } }), 'invalid-import')
      assert.ok(error instanceof LoadError)
      assert.ok(error.message.startsWith('import "env" "it" must be '), error.message)
      assert.ok(error.message.includes(message), error.message)
    }
  })

  behaviour('immutable globals of every type are given as values, or as WebAssembly.Global', async (bench) => {
    const object = {}
    const text = `(module
      (import "env" "a" (global $a i32)) (import "env" "b" (global $b i64)) (import "env" "c" (global $c f64)) (import "env" "d" (global $d externref))
      (import "env" "e" (global $e i32))
      (func (export "all") (result i32 i64 f64 externref i32) global.get $a global.get $b global.get $c global.get $d global.get $e))`
    const e = new WebAssembly.Global({ value: 'i32' }, 9)
    const module = await bench.load(text, { imports: { env: { a: 1, b: 2n, c: 0.5, d: object, e } } })
    assert.deepEqual(await module.call('all'), [1, 2n, 0.5, object, 9])
  })

  behaviour('a factory makes a memory for each instance: nothing is shared between restarts', async (bench) => {
    const made: WebAssembly.Memory[] = []
    const factory = () => {
      const memory = new WebAssembly.Memory({ initial: 1, maximum: 4 })
      made.push(memory)
      return memory
    }
    const module = await bench.load(WITH_MEMORY, { imports: { env: { memory: { factory } } } })
    await module.call('store', [5])
    assert.deepEqual(await module.call('load'), [5])
    assert.equal(module.memorySize, PAGE)
    await module.use(async (instance) => assert.deepEqual(await instance.read(0, 1), Uint8Array.of(5)))
    await failure(module.call('fail'), 'trap')
    assert.deepEqual(await module.call('load'), [0])
    assert.equal(made.length, 2)
  })

  behaviour('factories for mutable globals and tables', async (bench) => {
    const text = `(module (import "env" "state" (global $g (mut i32))) (import "env" "table" (table $t 1 4 funcref))
      (func (export "bump") (result i32) (global.set $g (i32.add (global.get $g) (i32.const 1))) (global.get $g))
      (func (export "size") (result i32) (table.size $t)))`
    const state = { factory: () => new WebAssembly.Global({ value: 'i32', mutable: true }, 10) }
    const table = { factory: () => new WebAssembly.Table({ initial: 2, maximum: 4, element: 'anyfunc' }) }
    const module = await bench.load(text, { reuse: 'never', imports: { env: { state, table } } })
    assert.deepEqual(await module.call('bump'), [11])
    assert.deepEqual(await module.call('bump'), [11])
    assert.deepEqual(await module.call('size'), [2])
  })

  behaviour('what a factory makes is within the limits', async (bench) => {
    const memory = { factory: () => new WebAssembly.Memory({ initial: 3, maximum: 4 }) }
    const error = await failure(bench.load(WITH_MEMORY, { memoryLimit: 2 * PAGE, imports: { env: { memory } } }))
    assert.ok(['invalid-import', 'limit-exceeded'].includes(error.code), error.code)
    const growing = { factory: () => new WebAssembly.Memory({ initial: 1, maximum: 4 }) }
    const text = '(module (import "env" "memory" (memory 1)) (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))'
    const outcome = await bench.load(text, { memoryLimit: 2 * PAGE, imports: { env: { memory: growing } } }).then(
      async (module) => module.call('grow', [3]),
      ({ code }) => code,
    )
    assert.ok(outcome === 'invalid-import' || outcome === 'instantiation-failed' || (outcome as number[])[0] === -1, String(outcome))
  })

  behaviour('a factory that throws is a load error, and at a restart counts as one that failed', async (bench) => {
    let working = true
    const factory = () => {
      if (!working) throw new Error('no memory today')
      return new WebAssembly.Memory({ initial: 1, maximum: 4 })
    }
    const module = await bench.load(WITH_MEMORY, { imports: { env: { memory: { factory } } } })
    working = false
    await failure(module.call('fail'), 'trap')
    assert.match(String((await failure(module.call('load'), 'broken')).cause), /no memory today/)
    const error = await failure(bench.load(WITH_MEMORY, { imports: { env: { memory: { factory } } } }))
    assert.ok(error instanceof LoadError)
    assert.match(error.message, /no memory today/)
  })

  behaviour("a shared memory needs `restart: 'never'`, and is shared then", async (bench) => {
    const memory = { shared: true as const, value: new WebAssembly.Memory({ initial: 1, maximum: 4 }) }
    const error = await failure(bench.load(WITH_MEMORY, { imports: { env: { memory } } }), 'invalid-import')
    assert.match(error.message, /needs `restart: 'never'`/)
    const a = await bench.load(WITH_MEMORY, { imports: { env: { memory } }, restart: 'never' })
    const b = await bench.load(WITH_MEMORY, { imports: { env: { memory } }, restart: 'never' })
    await a.call('store', [5])
    assert.deepEqual(await b.call('load'), [5])
  })

  behaviour('a tag cannot be imported', async (bench) => {
    const error = await failure(bench.load('(module (import "env" "tag" (tag)))', { imports: { env: { tag: {} } } }), 'unsupported-feature')
    assert.match(error.message, /tag/)
  })

  behaviour('imports that a module does not ask for are ignored', async (bench) => {
    const host = bench.host({ execTimeout: 5_000 })
    const module = await host.loadModule('add', fixture('add'), { imports: { env: { more: () => 1 }, other: {} } })
    assert.deepEqual(await module.call('add', [1, 2]), [3])
    assert.deepEqual(module.imports, [])
  })

  behaviour('the same name twice, with two types, is given once to each', async (bench) => {
    const text = `(module (import "env" "f" (func $a (param i32) (result i32))) (import "env" "f" (func $b (param f64) (result i32)))
      (func (export "run") (result i32) (i32.add (call $a (i32.const 1)) (call $b (f64.const 2)))))`
    const module = await bench.load(text, { imports: { env: { f: (value: number) => value * 10 } } })
    assert.deepEqual(await module.call('run'), [30])
  })
}
