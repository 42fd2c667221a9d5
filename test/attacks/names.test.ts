/** Guests that use the names of what the guard adds, or of what every JavaScript object has. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { attachHook, makeHook } from '../../src/abi.ts'
import { guard } from '../../src/guard/guard.ts'
import { behaviour, failure } from '../support/host.ts'
import { wat } from '../support/wat.ts'

const ABI_NAMES = ['counter', 'hooks', 'fuel', 'depth', 'start', 'memory0'].flatMap((name) => [`curfew.${name}`, `curfew.${name}.1`, `curfew.${name}.2`])
const OBJECT_NAMES = ['__proto__', 'constructor', 'toString', 'valueOf', 'hasOwnProperty', 'then', '', 'length', '0', '4294967295']

/** Exports its own global, table, memory and functions under the names of the guard's, and runs away. */
const COLLIDING = wat(`(module
  (global $credit (export "curfew.counter") (mut i32) (i32.const 7)) (global (export "curfew.fuel") (mut i64) (i64.const 7)) (global (export "curfew.depth") (mut i32) (i32.const 7))
  (table (export "curfew.hooks") 4 funcref) (memory $second (export "curfew.memory1") 1) (memory 1)
  (func (export "curfew.start") (result i32) (i32.const 1))
  (func (export "curfew.counter.1") (result i32) (global.get $credit))
  (func (export "run") (loop (global.set $credit (i32.const 1000000000)) (br 0))))`)

for (const options of [{}, { fuel: true }])
  test(`its own exports stay what they are, and the guard takes other names${options.fuel ? ', with fuel' : ''}`, () => {
    const { bytes, abi } = guard(COLLIDING, options)
    const names = [abi.counter, abi.hooks, abi.fuel, abi.depth, ...(abi.memories ?? [])].filter((name) => name !== undefined)
    assert.equal(new Set(names).size, names.length)
    assert.deepEqual([abi.counter, abi.hooks, abi.memories], ['curfew.counter.2', 'curfew.hooks.1', ['curfew.memory1', 'curfew.memory1.1']])
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes))
    const own = exports as Record<string, WebAssembly.Global & (() => number)>
    assert.deepEqual([own['curfew.counter']?.value, own['curfew.fuel']?.value, own['curfew.depth']?.value], [7, 7n, 7])
    assert.equal(own['curfew.start']?.(), 1)
    assert.equal((exports['curfew.hooks'] as WebAssembly.Table).length, 4)
  })

test('what a guest writes to a global of that name does not give it credit', () => {
  const { bytes, abi } = guard(COLLIDING)
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes))
  let polls = 0
  attachHook(instance, abi, makeHook({ poll: () => (++polls < 10 ? 1_000 : 0) }))
  assert.throws(instance.exports.run as () => void, WebAssembly.RuntimeError)
  assert.equal(polls, 10)
})

behaviour('a host shows what is exported under such names as the guest has it, and stops the guest', async (bench) => {
  const module = await bench.load(
    `(module ${ABI_NAMES.map((name, at) => `(func (export "${name}") (result i32) (i32.const ${at}))`).join('\n')} (memory 1)
      (func $begin) (start $begin) (func (export "run") (loop (br 0))))`,
  )
  assert.deepEqual(
    module.exports.map(({ name }) => name),
    [...ABI_NAMES, 'run'],
  )
  for (const [at, name] of ABI_NAMES.entries()) assert.deepEqual(await module.call(name), [at])
  await failure(module.call('run', [], { timeout: 20 }), 'deadline')
})

behaviour('names of the properties of every object are names like others', async (bench) => {
  const functions = OBJECT_NAMES.map((name, at) => `(func (export "${name}") (result i32) (i32.const ${at}))`)
  const module = await bench.load(`(module ${functions.join('\n')})`)
  for (const [at, name] of OBJECT_NAMES.entries()) {
    assert.deepEqual(await module.call(name), [at])
    assert.deepEqual(module.callSync(name), [at])
  }
  const bare = await bench.load('(module (func (export "run")))')
  for (const name of [...OBJECT_NAMES, ...ABI_NAMES]) await failure(bare.call(name), 'no-such-function')
})

behaviour('nothing is imported that was not given: no property of every object, and nothing of the guard', async (bench) => {
  const host = bench.host({ execTimeout: 1_000 })
  for (const [from, name] of [
    ['constructor', 'constructor'],
    ['__proto__', 'constructor'],
    ['__proto__', 'toString'],
    ['toString', 'call'],
    ['hasOwnProperty', 'bind'],
    ['env', 'constructor'],
    ['env', '__proto__'],
    ['env', 'toString'],
    ['curfew', 'poll'],
    ['curfew', 'hooks'],
    ['', 'curfew.counter'],
  ]) {
    const bytes = wat(`(module (import "${from}" "${name}" (func $f)) (func (export "run") (call $f)))`)
    await failure(host.loadModule('attack', bytes, { imports: { env: {} } }), 'missing-import')
  }
})

behaviour('imports that have the names of the guard are given what the host gives', async (bench) => {
  let called = 0
  const module = await bench.load('(module (import "curfew" "hooks" (func $f)) (func (export "run") (call $f) (loop (br 0))))', {
    imports: { curfew: { hooks: () => void called++ } },
  })
  await failure(module.call('run', [], { timeout: 20 }), 'deadline')
  assert.equal(called, 1)
})
