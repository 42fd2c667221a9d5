/** Programs that are stopped, and one that is a library. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Host, type Module, type StopError, WasiExit, type WasiOptions } from '../../../src/index.ts'

const program = (name: string) => readFileSync(join(import.meta.dirname, `${name}.wasm`))

async function withModule(name: string, wasi: WasiOptions, use: (module: Module, host: Host) => Promise<void>): Promise<void> {
  const host = new Host()
  try {
    await use(await host.loadModule('program', program(name), { wasi }), host)
  } finally {
    await host.close()
  }
}

/** Input that never comes. */
const silence = () => new ReadableStream<Uint8Array>()

for (const how of ['spin', 'sleep', 'read', 'poll']) {
  test(`a program that never ends (${how}) is stopped at its deadline, and what it wrote is kept`, async () => {
    await withModule('c/never', {}, async (module, { features }) => {
      const stdin = features.jspi ? silence() : ''
      // Without suspending, a program gets no stream; at the end of its input it goes on by itself
      await assert.rejects(module.run({ args: ['never', how], stdin, timeout: 50 }), (error: StopError) => {
        assert.equal(error.code, 'deadline')
        assert.deepEqual(error.output, { stdout: 'begun\n', stderr: '' })
        return true
      })
    })
  })
}

test('a program that prints without end is stopped by the limit of its output, and that much is kept', async () => {
  await withModule('c/never', { outputLimit: 10_000 }, async (module) => {
    await assert.rejects(module.run({ args: ['never', 'print'] }), (error: StopError) => {
      assert.equal(error.code, 'output-limit')
      assert.match(String(error.output?.stdout), /^begun\n(and on\n)+/)
      assert.ok(String(error.output?.stdout).length <= 10_000)
      return true
    })
  })
})

test('a program that sleeps is stopped by its signal, with the reason as the cause', {
  skip: !new Host().features.jspi && 'nothing else runs meanwhile',
}, async () => {
  await withModule('c/never', {}, async (module) => {
    const controller = new AbortController()
    const stdout = () => controller.abort(new Error('enough'))
    await assert.rejects(module.run({ args: ['never', 'sleep'], signal: controller.signal, stdout }), (error: StopError) => {
      assert.equal(error.code, 'aborted')
      assert.equal((error.cause as Error).message, 'enough')
      return true
    })
  })
})

test('the functions of a library see what its `_initialize` set up, once', async () => {
  const written: string[] = []
  const stdout = (bytes: Uint8Array) => written.push(new TextDecoder().decode(bytes))
  await withModule('c/reactor', { env: { NAME: 'Ada' }, stdout }, async (module) => {
    assert.deepEqual(await module.call('greet'), ['hello, Ada'.length])
    assert.deepEqual(module.callSync('greet', [], { timeout: 1000 }), ['hello, Ada'.length])
    assert.equal(written.join(''), 'hello, Ada (1)\nhello, Ada (2)\n')
  })
})

test('a library that exits ends the call with its exit code as the cause, and the next call has a new instance', async () => {
  const written: string[] = []
  const stdout = (bytes: Uint8Array) => written.push(new TextDecoder().decode(bytes))
  await withModule('c/reactor', { stdout }, async (module) => {
    await module.call('greet')
    await assert.rejects(module.call('leave', [3]), (error: StopError) => {
      assert.equal(error.code, 'ended')
      assert.ok(error.cause instanceof WasiExit)
      assert.equal(error.cause.exitCode, 3)
      return true
    })
    await module.call('greet')
    assert.equal(written.join(''), 'hello, nobody (1)\nhello, nobody (1)\n')
  })
})

test('a library is no program', async () => {
  await withModule('c/reactor', {}, async (module) => {
    await assert.rejects(module.run(), { code: 'no-such-function' })
  })
})
