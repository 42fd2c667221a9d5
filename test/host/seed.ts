/** The Go design's own cases, and what follows from them (../shared/seed.md). */
import assert from 'node:assert/strict'
import { CallError, CurfewError, LoadError, StopError, UsageError } from '../../src/index.ts'
import { withFakeClock } from '../support/fake-clock.ts'
import { behaviour, failure, fixture, hostCalls } from '../support/host.ts'

const GARBAGE = Uint8Array.of(1, 2, 3)

export function seed(): void {
  behaviour('a module is loaded and called, and its result is an array', async (bench) => {
    const host = bench.host()
    const module = await host.loadModule('add', fixture('add'))
    assert.equal(module.name, 'add')
    assert.deepEqual(await module.call('add', [2, 3]), [5])
    await module.close()
    await host.close()
  })

  behaviour('two modules of one host share no state, though their bytes are the same', async (bench) => {
    const host = bench.host()
    const [a, b] = [await host.loadModule('a', fixture('counter')), await host.loadModule('b', fixture('counter'))]
    for (const expected of [1, 2, 3]) assert.deepEqual(await a.call('increment'), [expected])
    assert.deepEqual(await b.call('increment'), [1])
    assert.deepEqual(await b.call('stored'), [1])
    assert.deepEqual(await a.call('stored'), [3])
  })

  behaviour('closing one module does not touch another', async (bench) => {
    const host = bench.host()
    const [a, b] = [await host.loadModule('a', fixture('counter')), await host.loadModule('b', fixture('counter'))]
    await b.call('increment')
    await a.close()
    assert.deepEqual(await b.call('increment'), [2])
    assert.equal((await failure(a.call('increment'))).code, 'closed')
  })

  behaviour('stopping one module does not touch another', async (bench) => {
    const host = bench.host({ execTimeout: 5_000 })
    const [a, b] = [await host.loadModule('a', fixture('counter')), await host.loadModule('b', fixture('counter'))]
    await b.call('increment')
    await failure(a.call('increment_and_loop', [], { timeout: 30 }), 'deadline')
    assert.deepEqual(await b.call('increment'), [2])
  })

  behaviour('an endless loop ends at `execTimeout` with the deadline error, which says all of it', async (bench) => {
    const module = await bench.load('infinite_loop', { host: { execTimeout: 50 } })
    const error = await failure(module.call('loop'), 'deadline')
    for (const type of [StopError, CallError, CurfewError]) assert.ok(error instanceof type, type.name)
    assert.equal(error.name, 'StopError')
    assert.equal(error.module, 'infinite_loop')
    assert.equal(error.function, 'loop')
    assert.ok(error.phase === 'running' || error.phase === 'suspended', error.phase)
    assert.equal(error.ran, true)
    assert.equal(error.figures.timeout, 50)
    assert.ok((error.figures.elapsed as number) >= 50 && (error.figures.elapsed as number) < 1_000, `elapsed ${error.figures.elapsed}`)
    assert.ok((error.figures.cpu as number) > 0, `cpu ${error.figures.cpu}`)
    assert.match(error.message, /deadline of 50 ms .*\(function "loop", module "infinite_loop"\)\. Raise the timeout/)
  })

  behaviour('names that are empty, white space or no strings are refused before anything is compiled', async (bench) => {
    const host = bench.host()
    for (const name of ['', ' ', '\t\r\n ', '\u00a0\u2003', undefined, null, 5]) {
      const error = await failure(host.loadModule(name as string, GARBAGE), 'invalid-name')
      assert.ok(error instanceof LoadError)
    }
    assert.equal((await failure(host.loadModule('a name', GARBAGE))).code, 'malformed')
  })

  behaviour('a missing function is a call error that names the function and the module, not a load error', async (bench) => {
    const module = await bench.load('add')
    const error = await failure(module.call('subtract', [2, 3]), 'no-such-function')
    assert.ok(error instanceof UsageError && error instanceof CallError && !(error instanceof LoadError))
    assert.equal(
      error.message,
      'there is no function of that name; there is "add" (function "subtract", module "add"). Call one of the functions in `module.exports`.',
    )
    assert.equal(error.ran, false)
    assert.deepEqual(await module.call('add', [2, 3]), [5])
  })

  behaviour('`execTimeout` can be read back, from the host and from the module', async (bench) => {
    assert.equal(bench.host().execTimeout, 0)
    const host = bench.host({ execTimeout: 50 })
    assert.equal(host.execTimeout, 50)
    assert.equal((await host.loadModule('add', fixture('add'))).execTimeout, 50)
  })

  behaviour('loading is not bounded by `execTimeout`, start functions included', async (bench) => {
    const host = bench.host({ execTimeout: 0.001 })
    await host.loadModule('add', fixture('add'))
    await withFakeClock(async (clock) => {
      const log = () => clock.advance(100)
      const setup = async (instance: { call(name: string, args: unknown[]): Promise<unknown> }) => void (await instance.call('log', [1]))
      const module = await bench.host({ execTimeout: 1_000 }).loadModule('slow', fixture('host_calls'), { imports: hostCalls({ log }), setup })
      assert.equal(clock.time, 100)
      await module.close()
    })
  })
}
