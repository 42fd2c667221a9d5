/** Modules above 4 KiB are guarded and compiled whole on a helper thread. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { AS_CALLED, WHOLE } from '../../src/host/helper-thread.ts'
import { Host, LoadError } from '../../src/index.ts'
import { build, type FunctionSpec, times } from '../guard/build.ts'
import { busy, failure } from '../support/host.ts'
import { temporaryTree } from '../support/temporary-tree.ts'
import { wat } from '../support/wat.ts'

const I32_TO_I32 = [[['i32'], ['i32']]] as const
const hosts: Host[] = []
const host = (...options: ConstructorParameters<typeof Host>) => {
  const made = new Host(...options)
  hosts.push(made)
  return made
}
after(() => Promise.all(hosts.map((each) => each.close())))

/** Adds 3 to its parameter so many times. */
const adding = (additions: number): FunctionSpec => ({
  body: (emit) => {
    times(additions, () => {
      emit('local.get', 0)
      emit('i32.const', 3)
      emit('i32.add')
      emit('local.set', 0)
    })
    emit('local.get', 0)
  },
})

/** Functions `f0`, `f1` ... that add 3 so many times each. */
const manyAdding = (functions: number, additions: number) =>
  build({
    types: I32_TO_I32,
    functions: Array.from({ length: functions }, () => adding(additions)),
    sections: {
      7: (w) =>
        w.vec([...Array(functions).keys()], (index) => {
          w.name(`f${index}`)
          w.u8(0)
          w.u32(index)
        }),
    },
  })

const large = () => manyAdding(8, 5_000)

test('a large module works like any other, and the bytes stay with who passed them', async () => {
  const bytes = large()
  const before = bytes.slice()
  const module = await host().loadModule('large', bytes)
  assert.deepEqual(await module.call('f7', [1]), [15_001])
  assert.deepEqual(bytes, before)
  assert.deepEqual(module.exports.slice(0, 1), [{ name: 'f0', kind: 'function', type: '(i32) -> i32', params: ['i32'], results: ['i32'], callable: true }])
})

test('no function of a large module is compiled when it is first called', async () => {
  const module = await host().loadModule('large', manyAdding(16, 20_000))
  const time = (name: string) => {
    const from = performance.now()
    module.callSync(name, [1], { timeout: 10_000 })
    return performance.now() - from
  }
  const names = [...Array(16).keys()].map((index) => `f${index}`)
  const [first, second] = [Math.min(...names.map(time)), Math.min(...names.map(time))]
  // Compiling takes some 20 times as long as running
  assert.ok(first < 6 * second + 0.05, `a first call takes ${first} ms, a second ${second} ms`)
})

test('a small module whose functions take long to compile goes there too', async () => {
  // Each is under the cap, but together they would take V8 some 15 ms
  const heavy: FunctionSpec = {
    locals: [[500, 'i64']],
    body: (emit) => {
      times(400, () => {
        emit('block', 'empty')
        emit('local.get', 0)
        emit('br_if', 0)
        emit('end')
      })
      emit('local.get', 0)
    },
  }
  const module = await host().loadModule('heavy', build({ types: I32_TO_I32, functions: Array.from({ length: 5 }, () => heavy) }))
  const time = () => {
    const from = performance.now()
    module.callSync('run', [1], { timeout: 10_000 })
    return performance.now() - from
  }
  assert.ok(time() < 6 * time() + 1)
})

test('errors come back with their code, figures, offset and cause', async () => {
  const one = host()
  const cut = await failure(one.loadModule('cut', large().subarray(0, -7)), 'malformed')
  assert.ok(cut instanceof LoadError)
  assert.equal(cut.module, 'cut')
  assert.equal(typeof cut.offset, 'number')
  const capped = await failure(one.loadModule('capped', large(), { caps: { functionSize: 100 } }), 'limit-exceeded')
  assert.equal(capped.figures.limit, 100)
  const wrong = build({ types: I32_TO_I32, functions: [adding(5_000), { body: (emit) => emit('i64.const', 1n) }] })
  const invalid = await failure(one.loadModule('invalid', wrong), 'invalid-module')
  assert.match(invalid.message, /function #1 failed: type error/)
  assert.ok(invalid.cause instanceof WebAssembly.CompileError)
  assert.equal(one.modules.size, 0)
})

test('many are loaded at once; one that is aborted ends at once, and the others go on', async () => {
  const one = host()
  const cancel = new AbortController()
  const loads = [...Array(6).keys()].map((index) => one.loadModule(`m${index}`, large(), index === 3 ? { signal: cancel.signal } : {}))
  cancel.abort(new Error('changed my mind'))
  const aborted = await failure(loads[3] as Promise<unknown>, 'aborted')
  assert.match(String(aborted.cause), /changed my mind/)
  const loaded = await Promise.all(loads.filter((_, index) => index !== 3))
  for (const module of loaded) assert.deepEqual(await module.call('f0', [0]), [15_000])
})

test('a host that is closed while one loads refuses it', async () => {
  for (const microtasks of [0, 1, 2, 5, 10]) {
    const one = new Host()
    // Each for the first time: what is prepared already may be loaded before
    const load = failure(one.loadModule('late', manyAdding(8, 5_001 + microtasks)), 'closed')
    for (let at = 0; at < microtasks; at++) await undefined
    await one.close()
    await load
  }
})

const run = promisify(execFile)

/** Runs a script that has `Host` and the path of a large module's file, in a process of its own; its standard output. */
async function script(t: TestContext, text: string, flags: readonly string[] = [], bytes = large()): Promise<string> {
  const index = new URL('../../src/index.ts', import.meta.url).href
  const head = `import { readFileSync } from 'node:fs'
    import { Host } from '${index}'
    const bytes = readFileSync(new URL('./large.wasm', import.meta.url))\n`
  const root = temporaryTree(t, { 'script.mjs': head + text })
  writeFileSync(join(root, 'large.wasm'), bytes)
  const { stdout } = await run(process.execPath, [...flags, '--no-warnings', join(root, 'script.mjs')], { timeout: 60_000 })
  return stdout.trim()
}

test('neither the thread nor its timer keeps the process', async (t) => {
  const from = Date.now()
  assert.equal(await script(t, `const host = new Host(); await host.loadModule('m', bytes); await host.close(); console.log('done')`), 'done')
  assert.equal(await script(t, `const host = new Host(); await host.loadModule('m', bytes); console.log('left open')`), 'left open')
  assert.ok(Date.now() - from < 30_000)
})

test('a thread that ends by itself fails the loads that it had, and the next load starts another', async (t) => {
  const lost = `
    const threads = process.getBuiltinModule('worker_threads')
    const made = []
    threads.Worker = class extends threads.Worker { constructor(...args) { super(...args); made.push(this) } }
    const { cachedDataVersionTag } = process.getBuiltinModule('v8')
    const flags = cachedDataVersionTag()
    const host = new Host()
    const load = host.loadModule('m', bytes).catch((error) => error)
    // In the midst of compiling, which takes a tenth of a second
    while (made.length === 0) await new Promise((resolve) => setImmediate(resolve))
    const late = performance.now() + 2_000
    while (cachedDataVersionTag() === flags && made[0].threadId > 0 && performance.now() < late) await undefined
    await made[0].terminate()
    console.log(cachedDataVersionTag() === flags)
    const error = await load
    const module = await host.loadModule('m', bytes)
    console.log(error.code, /helper thread/.test(error.message), made.length, (await module.call('f0', [0]))[0])
    await host.close()`
  assert.equal(await script(t, lost, [], manyAdding(30, 20_000)), 'true\ninstantiation-failed true 2 60000')
})

test('on a Node that was built without cryptography every load is prepared by itself', async (t) => {
  const without = `
    const { getBuiltinModule } = process
    process.getBuiltinModule = (name) => {
      if (name === 'crypto') throw new Error('Node.js is not compiled with OpenSSL crypto support')
      return getBuiltinModule(name)
    }
    const host = new Host()
    const module = await host.loadModule('m', bytes)
    console.log((await module.call('f0', [0]))[0])
    await host.close()`
  assert.equal(await script(t, without, [], manyAdding(1, 2_000)), '6000')
})

const permission = ['--permission', '--experimental-permission'].find((flag) => process.allowedNodeEnvironmentFlags.has(flag))

test('where threads may not be started, a large module is refused with the reason', async (t) => {
  const refused = `
    const host = new Host()
    const error = await host.loadModule('m', bytes).catch((error) => error)
    console.log(error.code, error.cause.code)
    await host.close()`
  assert.equal(await script(t, refused, [permission as string, '--allow-fs-read=*']), 'instantiation-failed ERR_ACCESS_DENIED')
})

test('a load that is aborted leaves nothing behind that ends the process early, or goes on for ever', async (t) => {
  const abort = `
    const host = new Host()
    const cancel = new AbortController()
    const load = host.loadModule('m', bytes, { signal: cancel.signal }).catch((error) => error.code)
    await new Promise((resolve) => setTimeout(resolve, 20))
    cancel.abort()
    const small = await host.loadModule('small', bytes.slice(0, 8))
    console.log(await load, small.name)`
  assert.equal(await script(t, abort), 'aborted small')
})

test('costs that cannot be sent to another thread are copied first', async () => {
  const module = await host().loadModule('large', large(), { fuelCosts: new Proxy({ default: 2 }, {}) })
  assert.deepEqual(await module.call('f0', [0]), [15_000])
  assert.equal(module.stats.lastFuel, 2n * (4n * 5_000n + 1n))
})

test("a module that is not valid is refused, whatever becomes of V8's flag while it is compiled", async () => {
  const bytes = wat('(module (func (export "f") (result i32)))')
  const refused = host()
  for (let attempt = 0; attempt < 100; attempt++) {
    setFlagsFromString(WHOLE)
    const loading = failure(refused.loadModule('invalid', bytes), 'invalid-module')
    // Until V8 decodes it, on a thread of its own, and then somewhat longer each time
    for (let microtask = 0; microtask < 5; microtask++) await undefined
    busy((attempt % 20) / 100)
    setFlagsFromString(AS_CALLED)
    await loading
  }
})
