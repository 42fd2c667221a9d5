/** What goes in and what comes out of a call. */
import assert from 'node:assert/strict'
import { CallError, TrapError, UsageError } from '../../src/index.ts'
import { behaviour, failure } from '../support/host.ts'

const I64_MAX = 2n ** 63n - 1n

export function calls(): void {
  behaviour('values of every type that can cross come back as they went in; i64 is bigint', async (bench) => {
    const module = await bench.load('types')
    const object = { any: 'value' }
    const cases: readonly (readonly [string, unknown])[] = [
      ['i32', -1],
      ['i32', 2 ** 31 - 1],
      ['i64', I64_MAX],
      ['i64', -(2n ** 63n)],
      ['f32', 0.5],
      ['f64', 0.1],
      ['f64', Number.NaN],
      ['f64', Number.NEGATIVE_INFINITY],
      ['f64', -0],
      ['externref', object],
      ['externref', null],
      ['externref', undefined],
      ['funcref', null],
    ]
    for (const [name, value] of cases) assert.deepEqual(await module.call(name, [value]), [value], `${name} of ${String(value)}`)
    assert.equal((await module.call('externref', [object]))[0], object)
  })

  behaviour('unsigned values go in, and come back signed', async (bench) => {
    const module = await bench.load('types')
    assert.deepEqual(await module.call('i32', [2 ** 32 - 1]), [-1])
    assert.deepEqual(await module.call('i64', [2n ** 64n - 1n]), [-1n])
  })

  behaviour('several results come back in order, and none as an empty array', async (bench) => {
    const module = await bench.load('types')
    assert.deepEqual(await module.call('swap', [1, 2n]), [2n, 1])
    assert.deepEqual(await module.call('all', [1, 2n, 0.5, 0.25]), [1, 2n, 0.5, 0.25])
    assert.deepEqual(await module.call('nothing'), [])
  })

  behaviour('an argument of a wrong type is refused with a message that says which; nothing is converted', async (bench) => {
    const module = await bench.load('types')
    const takes = { i32: 'a whole number from -2147483648 to 4294967295', i64: 'a bigint of 64 bits', f32: 'a number', f64: 'a number' }
    const cases: readonly (readonly [keyof typeof takes, unknown, string])[] = [
      ['i32', '1', '"1"'],
      ['i32', 1.5, '1.5'],
      ['i32', 2 ** 32, '4294967296'],
      ['i32', -(2 ** 31) - 1, '-2147483649'],
      ['i32', Number.NaN, 'NaN'],
      ['i32', undefined, 'undefined'],
      ['i32', null, 'null'],
      ['i32', true, 'true'],
      ['i32', 1n, '1n'],
      ['i64', 1, '1'],
      ['i64', 2n ** 64n, '18446744073709551616n'],
      ['f32', 1n, '1n'],
      ['f64', '0', '"0"'],
      ['f64', [], 'an array'],
      ['f64', { valueOf: () => 1 }, 'an object ("Object")'],
    ]
    for (const [name, value, shown] of cases) {
      const error = await failure(module.call(name, [value]), 'bad-argument')
      assert.ok(error instanceof UsageError)
      assert.equal(
        error.message,
        `argument 1 of 1 is ${name} and takes ${takes[name]}, but got ${shown} (function "${name}", module "types"). ` +
          'Pass number for i32, f32 and f64, bigint for i64, a function of a guest or null for funcref.',
      )
      assert.equal(error.ran, false)
    }
    assert.equal(module.stats.restarts, 0)
  })

  behaviour('a wrong number of arguments is refused with a message that says how many', async (bench) => {
    const module = await bench.load('add')
    for (const args of [[], [1], [1, 2, 3]]) {
      const error = await failure(module.call('add', args), 'bad-argument')
      assert.equal(
        error.message,
        `the function takes 2 arguments of type (i32, i32) -> i32, but got ${args.length} (function "add", module "add"). ` +
          'Pass number for i32, f32 and f64, bigint for i64, a function of a guest or null for funcref.',
      )
      assert.deepEqual(error.figures, { takes: 2, got: args.length })
    }
    assert.equal((await failure(module.call('add', 'ab' as unknown as unknown[]))).code, 'bad-argument')
  })

  behaviour('a signature that cannot cross is listed as not callable, and refused', async (bench) => {
    const module = await bench.load('types')
    assert.equal(module.exports.find(({ name }) => name === 'v128')?.callable, false)
    assert.equal(module.exports.find(({ name }) => name === 'i64')?.callable, true)
    const error = await failure(module.call('v128', [0]), 'not-callable')
    assert.match(error.message, /^a v128 cannot cross into JavaScript \(function "v128", module "types"\)/)
    await failure(() => module.callSync('v128', [0]), 'not-callable')
  })

  behaviour('exports and imports are listed with their kinds and types', async (bench) => {
    const text = `(module
      (import "env" "log" (func (param i32 i64) (result f32)))
      (import "env" "base" (global i32))
      (memory (export "memory") 1 4)
      (table (export "table") 2 funcref)
      (global (export "limit") i64 (i64.const 7))
      (func (export "run") (param f64)))`
    const module = await bench.load(text, { imports: { env: { log: () => 0, base: 1 } } })
    assert.deepEqual(
      module.imports.map(({ module: from, name, kind }) => [from, name, kind]),
      [
        ['env', 'log', 'function'],
        ['env', 'base', 'global'],
      ],
    )
    assert.equal(module.imports[0]?.type, '(i32, i64) -> f32')
    assert.deepEqual(module.imports[0]?.params, ['i32', 'i64'])
    assert.deepEqual(
      module.exports.map(({ name, kind, type }) => [name, kind, type]),
      [
        ['memory', 'memory', '1 to 4'],
        ['table', 'table', 'funcref, 2 or more'],
        ['limit', 'global', 'i64'],
        ['run', 'function', '(f64) -> ()'],
      ],
    )
    assert.equal(module.exports, module.exports, 'described once')
  })

  behaviour("the guard's own exports are not listed and cannot be called", async (bench) => {
    const module = await bench.load('start_ok')
    assert.deepEqual(
      module.exports.map(({ name }) => name),
      ['started'],
    )
    for (const name of ['curfew', 'curfew.start', 'curfew:start', '__curfew_start', 'start', '', 'constructor', '__proto__', 'toString'])
      await failure(module.call(name), 'no-such-function')
    assert.deepEqual(await module.call('started'), [42])
  })

  behaviour("exports that look like the guard's own stay the module's", async (bench) => {
    const { guard } = await import('../../src/guard/index.ts')
    const { fixture } = await import('../support/host.ts')
    const { abi } = guard(fixture('start_loop'))
    const names = [abi.counter, abi.hooks, abi.start].map((name) => JSON.stringify(name))
    const functions = names.map((name, index) => `(func (export ${name}) (result i32) (i32.const ${index}))`).join('\n')
    const module = await bench.load(`(module ${functions} (func $start (loop)) (start $start))`)
    assert.deepEqual(
      module.exports.map(({ name }) => JSON.stringify(name)),
      names,
    )
    assert.deepEqual(await module.call(abi.start as string), [2])
  })

  behaviour('each way for a guest to trap is a trap error, whose cause is the trap', async (bench) => {
    const module = await bench.load('traps')
    const cases: readonly (readonly [string, readonly unknown[]])[] = [
      ['unreachable', []],
      ['divide', [1, 0]],
      ['divide', [-(2 ** 31), -1]],
      ['truncate', [Number.NaN]],
      ['load', [65536]],
      ['store', [-1]],
      ['indirect', [0]],
      ['indirect', [1]],
      ['indirect', [2]],
    ]
    for (const [name, args] of cases) {
      const error = await failure(module.call(name, args), 'trap')
      assert.ok(error instanceof TrapError && error instanceof CallError)
      assert.ok(error.cause instanceof WebAssembly.RuntimeError)
      assert.equal(error.ran, true)
      assert.equal(error.phase, 'running')
      assert.equal(error.message, `the guest trapped: ${error.cause.message} (function "${name}", module "traps"). The cause is the trap, with its stack.`)
      assert.deepEqual(await module.call('ok'), [7])
    }
  })

  behaviour('an exception that the guest does not catch is a trap error, whose cause is the exception', async (bench) => {
    const module = await bench.load('throws')
    const error = await failure(module.call('throw', [5]), 'guest-exception')
    assert.ok(error instanceof TrapError)
    assert.ok(error.cause instanceof (WebAssembly as unknown as { Exception: new () => object }).Exception)
    assert.deepEqual(await module.call('catch', [5]), [5])
  })

  behaviour('stats count calls by how they ended', async (bench) => {
    const module = await bench.load('traps')
    assert.deepEqual(module.stats, { calls: 0, outcomes: {}, restarts: 0, generation: 1, cpu: 0, fuel: 0n, lastFuel: 0n })
    await module.call('ok')
    await module.call('ok')
    await failure(module.call('unreachable'))
    const { calls, outcomes, restarts, generation, cpu } = module.stats
    assert.deepEqual({ calls, outcomes, restarts, generation }, { calls: 3, outcomes: { ok: 2, trap: 1 }, restarts: 1, generation: 2 })
    assert.ok(cpu >= 0)
  })

  behaviour('`memorySize` is what all memories of the instance hold now', async (bench) => {
    const module = await bench.load('memory_hog')
    assert.equal(module.memorySize, 65536)
    await module.call('grow', [3])
    assert.equal(module.memorySize, 4 * 65536)
    assert.equal((await bench.load('add')).memorySize, 0)
    assert.equal((await bench.load('(module (memory 1) (memory 2))')).memorySize, 3 * 65536)
  })
}
