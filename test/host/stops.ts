/** Guests that do not end by themselves end by the host. */
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { StopError, TrapError } from '../../src/index.ts'
import { behaviour, differs, failure, fixture, hostCalls, type Mode, sleep } from '../support/host.ts'

const ENDLESS: readonly (readonly [string, string, string, readonly unknown[]])[] = [
  ['an endless loop', 'infinite_loop', 'loop', []],
  ['an endless loop inside a legacy `catch_all`, entered again whenever something is caught,', 'swallow', 'loop', []],
  ['an endless loop inside a `try_table` with `catch_all`, entered again whenever something is caught,', 'swallow_table', 'loop', []],
  ['a cycle of tail calls', 'tail_cycle', 'ping', [0]],
  ['a cycle of indirect tail calls', 'tail_cycle', 'self', [0]],
  ['an exponential call tree', 'call_tree', 'run', []],
]

export function stops(mode: Mode): void {
  for (const [what, source, name, args] of ENDLESS) {
    behaviour(`${what} ends at its deadline, called either way, and the module works on`, async (bench) => {
      const module = await bench.load(source)
      for (const attempt of [() => module.call(name, args, { timeout: 30 }), () => module.callSync(name, args, { timeout: 30 })]) {
        const error = await failure(attempt, 'deadline')
        assert.ok(error instanceof StopError)
        assert.ok((error.figures.elapsed as number) >= 30, `elapsed ${error.figures.elapsed}`)
        assert.ok((error.figures.elapsed as number) < 1_000, `elapsed ${error.figures.elapsed}`)
      }
      assert.equal(module.stats.restarts, 2)
      if (source.startsWith('swallow')) assert.deepEqual(await module.call('caught'), [0])
      if (source === 'infinite_loop') assert.deepEqual(await module.call('ready'), [1])
    })
  }

  behaviour('endless recursion is a stack overflow, called either way, and the module works on', async (bench) => {
    const module = await bench.load('recursion')
    for (const attempt of [() => module.call('recurse', [0]), () => module.callSync('recurse', [0])]) {
      const error = await failure(attempt, 'stack-overflow')
      assert.ok(error instanceof TrapError)
      assert.match(error.message, /^the guest used up its stack \(function "recurse", module "recursion"\)/)
      assert.equal(error.ran, true)
      assert.ok(error.cause !== undefined)
    }
    assert.deepEqual(await module.call('depth', [1_000]), [1_000])
  })

  behaviour('endless recursion inside `catch_all` at every level ends too', async (bench) => {
    const text = `(module
      (func $again (export "again")
        (block $caught
          (try_table (catch_all $caught) (call $again)))
        (block $caught
          (try_table (catch_all $caught) (call $again))))
      (func (export "ready")))`
    const module = await bench.load(text)
    const error = await failure(module.call('again', [], { timeout: 100 }))
    assert.ok(error.code === 'deadline' || error.code === 'stack-overflow', error.code)
    assert.deepEqual(await module.call('ready'), [])
  })

  behaviour('the call after an interruption works, on a fresh instance that knows nothing of it', async (bench) => {
    const module = await bench.load('counter')
    await module.call('increment')
    await failure(module.call('increment_and_loop', [], { timeout: 30 }), 'deadline')
    assert.deepEqual(await module.call('count'), [0])
    assert.deepEqual(await module.call('stored'), [0])
    assert.equal(module.stats.generation, 2)
  })

  behaviour('twenty interruptions in a row leave a module that works', async (bench) => {
    const module = await bench.load('infinite_loop')
    for (let round = 0; round < 20; round++) {
      await failure(module.call('loop', [], { timeout: 3 }), 'deadline')
      assert.deepEqual(await module.call('ready'), [1])
    }
    assert.deepEqual(module.stats.outcomes, { deadline: 20, ok: 20 })
  })

  differs(
    mode,
    [
      'the event loop stays live while a guest loops: timers fire',
      async (bench) => {
        const module = await bench.load('infinite_loop', { host: { execTimeout: 200 } })
        let ticks = 0
        const timer = setInterval(() => ticks++, 2)
        const error = await failure(module.call('loop'), 'deadline')
        clearInterval(timer)
        assert.ok(ticks >= 10, `${ticks} ticks`)
        assert.ok((error.figures.cpu as number) < (error.figures.elapsed as number))
      },
    ],
    [
      'a guest that loops holds the event loop to its deadline, and not longer: timers fire then',
      async (bench) => {
        const module = await bench.load('infinite_loop', { host: { execTimeout: 100 } })
        let ticks = 0
        const timer = setInterval(() => ticks++, 2)
        await sleep(10)
        const before = ticks
        await failure(module.call('loop'), 'deadline')
        const during = ticks - before
        await sleep(20)
        clearInterval(timer)
        assert.equal(during, 0)
        assert.ok(ticks > before)
      },
    ],
  )

  differs(
    mode,
    [
      'an HTTP server in the same process answers while a guest loops',
      async (bench) => {
        const module = await bench.load('infinite_loop', { host: { execTimeout: 5_000 } })
        const controller = bench.abortController()
        await serving(async (url) => {
          const runaway = failure(module.call('loop', [], { signal: controller.signal }), 'aborted')
          for (let request = 0; request < 5; request++) assert.equal(await (await fetch(url)).text(), 'alive')
          controller.abort()
          await runaway
        })
      },
    ],
    [
      'an HTTP server in the same process answers again after the deadline of a guest that looped',
      async (bench) => {
        const module = await bench.load('infinite_loop', { host: { execTimeout: 30 } })
        await serving(async (url) => {
          const answer = fetch(url)
          await failure(module.call('loop'), 'deadline')
          assert.equal(await (await answer).text(), 'alive')
        })
      },
    ],
  )

  behaviour('a guest that spends its time in host functions ends at its deadline too', async (bench) => {
    let logged = 0
    const module = await bench.load('host_calls', { host: { execTimeout: 30 }, imports: hostCalls({ log: () => logged++ }) })
    const error = await failure(module.call('log_loop'), 'deadline')
    const atStop = logged
    assert.ok(logged > 0)
    assert.ok(['running', 'suspended', 'host'].includes(error.phase as string))
    await sleep(10)
    assert.equal(logged, atStop, 'the guest ran on')
  })

  behaviour('many runaways at once all end at their deadlines', async (bench) => {
    const host = bench.host({ execTimeout: 40 })
    const modules = await Promise.all(Array.from({ length: 5 }, (_, at) => host.loadModule(`m${at}`, fixture('infinite_loop'))))
    const errors = await Promise.all(modules.map((module) => failure(module.call('loop'), 'deadline')))
    for (const error of errors) assert.ok((error.figures.elapsed as number) < 2_000, `elapsed ${error.figures.elapsed}`)
  })
}

async function serving(use: (url: string) => Promise<void>): Promise<void> {
  const server = createServer((_, response) => {
    response.setHeader('connection', 'close')
    response.end('alive')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}
