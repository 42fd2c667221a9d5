/** Closing modules and hosts, with calls in every phase. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { type CurfewError, Host, LoadError, type Module, StopError } from '../../src/index.ts'
import { behaviour, differs, FIXTURES, facts, failure, fixture, hostCalls, type Mode, nextTurn, sleep, within } from '../support/host.ts'

export function closing(mode: Mode): void {
  behaviour('a closed module takes no calls, keeps its name to tell, and frees it in the host', async (bench) => {
    const host = bench.host({ execTimeout: 5_000 })
    const module = await host.loadModule('plugin', fixture('counter'))
    assert.equal(host.modules.get('plugin'), module)
    await module.close()
    assert.equal(module.name, 'plugin')
    assert.equal(host.modules.size, 0)
    assert.equal(module.memorySize, 0)
    for (const attempt of [() => module.call('increment'), () => module.callSync('increment'), () => module.use(() => 1)]) {
      const error = await failure(attempt, 'closed')
      assert.equal(error.module, 'plugin')
      assert.equal(error.ran, false)
    }
    const again = await host.loadModule('plugin', fixture('counter'))
    await module.close()
    assert.equal(host.modules.get('plugin'), again, 'closing the old one again does not touch the new one')
  })

  behaviour('closing twice is fine, at the same time and later, for modules and hosts', async (bench) => {
    const module = await bench.load('counter')
    await Promise.all([module.close(), module.close()])
    await module.close()
    const host = bench.host()
    await Promise.all([host.close(), host.close()])
    await host.close()
    await host[Symbol.asyncDispose]()
    await module[Symbol.asyncDispose]()
  })

  differs(
    mode,
    [
      'a call in flight ends with `closed`, and every `close` waits until nothing runs',
      async (bench) => {
        const host = bench.host({ execTimeout: 5_000 })
        const module = await host.loadModule('infinite_loop', fixture('infinite_loop'))
        let ended = false
        const called = failure(module.call('loop'), 'closed').finally(() => {
          ended = true
        })
        await sleep(5)
        await within(Promise.all([module.close(), module.close(), host.close()]), 'closing thrice')
        await nextTurn()
        assert.ok(ended)
        const error = await called
        assert.ok(error instanceof StopError)
        assert.deepEqual(facts(error), { code: 'closed', module: 'infinite_loop', function: 'loop', phase: 'suspended', ran: true })
      },
    ],
    [
      'no call is in flight when `close` is called, but in a host function',
      async (bench) => {
        let closed: Promise<void> | undefined
        const log = () => {
          closed = module.close()
        }
        const module: Module = await bench.load('host_calls', { imports: hostCalls({ log }) })
        await failure(module.call('log', [1]), 'closed')
        await within(closed as Promise<void>, 'closing')
      },
    ],
  )

  behaviour('a call that waits ends with `closed` and has not run', async (bench) => {
    const logged: number[] = []
    const module = await bench.load('host_calls', { imports: hostCalls({ log: (value) => logged.push(value) }) })
    const lease = failure(
      module.use(() => new Promise(() => undefined)),
      'closed',
    )
    const waiting = [1, 2, 3].map((value) => failure(module.call('log', [value]), 'closed'))
    await nextTurn()
    await within(module.close(), 'closing')
    for (const error of await Promise.all(waiting)) assert.deepEqual([error.phase, error.ran], ['queued', false])
    await lease
    assert.deepEqual(logged, [])
  })

  behaviour('a call that has its instance and waits for its turn ends with `closed` and has not run', async (bench) => {
    const host = bench.host({ execTimeout: 5_000 })
    const logged: number[] = []
    const [spinner, module] = [
      await host.loadModule('spinner', fixture('infinite_loop')),
      await host.loadModule('m', fixture('host_calls'), { imports: hostCalls({ log: (value) => logged.push(value) }) }),
    ]
    await failure(() => spinner.callSync('loop', [], { timeout: 5 }), 'deadline')
    const waiting = failure(module.call('log', [1]), 'closed')
    await module.close()
    assert.equal((await waiting).ran, false)
    await nextTurn()
    await nextTurn()
    assert.deepEqual(logged, [])
  })

  behaviour('a lease ends with its module: it is told `closed` or stale', async (bench) => {
    const module = await bench.load('counter')
    const lease = module.use(async (instance) => {
      await nextTurn()
      await module.close()
      return failure(instance.call('increment'))
    })
    const error = await lease.catch((thrown) => thrown)
    assert.ok(['closed', 'stale'].includes(error.code), error.code)
  })

  behaviour('a lease whose guest runs ends with its module', async (bench) => {
    const module = await bench.load('host_calls', { imports: hostCalls({ log: () => void module.close() }) })
    const error = await failure(module.use((instance) => instance.call('log_twice', [1])))
    assert.equal(error.code, 'closed')
    assert.equal(error.ran, true)
  })

  behaviour('a lease whose instance has gone ends with its module, by whatever that closes', async (bench) => {
    for (const restart of ['always', 'never'] as const) {
      const module = await bench.load('traps', { restart })
      const trapped = Promise.withResolvers<void>()
      const leased = module.use(
        async (instance) => {
          await failure(instance.call('unreachable'), 'trap')
          trapped.resolve()
          await new Promise(() => undefined)
        },
        { timeout: 0 },
      )
      const ended = failure(leased, 'closed')
      await trapped.promise
      if (restart === 'always') await module.close()
      const cause = (await ended).cause as CurfewError | undefined
      assert.equal(cause?.code, restart === 'always' ? undefined : 'trap', 'why it closed by itself')
    }
  })

  behaviour('a host function may close its own module: the guest ends as it returns', async (bench) => {
    const logged: number[] = []
    const log = (value: number) => {
      logged.push(value)
      void module.close()
    }
    const module: Module = await bench.load('host_calls', { imports: hostCalls({ log }) })
    const error = await failure(module.call('log_twice', [1]), 'closed')
    assert.deepEqual([error.phase, error.ran], ['host', true])
    assert.deepEqual(logged, [1])
  })

  behaviour('a host function may close the host, from `callSync` too', async (bench) => {
    const host = bench.host({ execTimeout: 5_000 })
    const log = () => void host.close()
    const module = await host.loadModule('m', fixture('host_calls'), { imports: hostCalls({ log }) })
    await failure(() => module.callSync('log_twice', [1]), 'closed')
    await failure(host.loadModule('n', fixture('add')), 'closed')
  })

  behaviour('closing a host while a module loads ends the load with `closed`', async (bench) => {
    const host = bench.host()
    const controller = bench.abortController()
    const endless = new Response(new ReadableStream({ pull: () => sleep(5) }))
    const streaming = failure(host.loadModule('streaming', endless, { signal: controller.signal }), 'closed')
    const compiling = failure(host.loadModule('compiling', fixture('add')), 'closed')
    const setting = failure(host.loadModule('setting up', fixture('add'), { setup: () => new Promise(() => undefined), startTimeout: 0 }), 'closed')
    await within(host.close(), 'closing')
    for (const error of await Promise.all([streaming, compiling, setting])) assert.ok(error instanceof LoadError)
    assert.equal(host.modules.size, 0)
    await failure(host.loadModule('late', fixture('add')), 'closed')
  })

  behaviour('closing a host while set-up runs, or a start function, ends it', async (bench) => {
    const host = bench.host({ execTimeout: 5_000 })
    const setting = failure(host.loadModule('setting up', fixture('counter'), { setup: () => new Promise(() => undefined), startTimeout: 0 }), 'closed')
    await sleep(10)
    if (mode.jspi) {
      const starting = failure(host.loadModule('starting', fixture('start_loop'), { startTimeout: 5_000 }), 'closed')
      await sleep(10)
      await within(host.close(), 'closing')
      await starting
    }
    await within(host.close(), 'closing')
    await setting
  })

  behaviour('closing a module while it restarts in the background ends that', async (bench) => {
    let restarting = false
    const setup = () => (restarting ? new Promise<void>(() => undefined) : undefined)
    const module = await bench.load('traps', { setup, startTimeout: 0 })
    restarting = true
    await failure(module.call('unreachable'), 'trap')
    const waiting = failure(module.call('ok', [], { timeout: 0 }), 'closed')
    await within(module.close(), 'closing')
    assert.equal((await waiting).ran, false)
  })

  behaviour('closing one module leaves the calls of others alone', async (bench) => {
    const host = bench.host({ execTimeout: 5_000 })
    const [a, b] = [await host.loadModule('a', fixture('counter')), await host.loadModule('b', fixture('counter'))]
    const lease = b.use(async (instance) => {
      await a.close()
      return instance.call('increment')
    })
    const waiting = b.call('increment')
    assert.deepEqual(await lease, [1])
    assert.deepEqual(await waiting, [2])
  })

  behaviour('after `host.close()` a process ends by itself', async () => {
    const output = await script(
      mode,
      `
      const host = new Host({ execTimeout: 60_000 })
      const module = await host.loadModule('m', bytes('infinite_loop'))
      const calls = [module.call('ready'), module.call('loop', [], { timeout: jspi ? 60_000 : 20 }), module.call('ready')]
      const settled = Promise.allSettled(calls)
      setTimeout(async () => {
        await host.close()
        console.log((await settled).map((each) => each.reason?.code ?? 'ok').join())
      }, 5)
    `,
    )
    assert.match(output, mode.jspi ? /^ok,closed,closed$/ : /^ok,(deadline|closed),(closed|ok)$/)
  })

  behaviour('a process ends by itself without `close` when nothing runs', async () => {
    const output = await script(
      mode,
      `
      const host = new Host({ execTimeout: 60_000 })
      const module = await host.loadModule('m', bytes('infinite_loop'))
      console.log(await module.call('ready'), await module.call('loop', [], { timeout: 20 }).catch(({ code }) => code), await module.use((i) => i.call('ready')))
    `,
    )
    assert.equal(output, '[ 1 ] deadline [ 1 ]')
  })

  behaviour('a call that is still on its way keeps the process alive until it has ended', async () => {
    const output = await script(
      mode,
      `
      const host = new Host()
      const module = await host.loadModule('m', bytes('counter'))
      module.use(() => new Promise(() => undefined), { timeout: 200 }).catch(() => undefined)
      module.call('count', [], { timeout: 60 }).catch(({ code }) => console.log(code))
    `,
    )
    assert.equal(output, 'deadline')
  })

  behaviour('`Symbol.asyncDispose` closes, for `await using` where the engine has it', async () => {
    const host = new Host({ execTimeout: 100 })
    const module = await host.loadModule('add', fixture('add'))
    await module[Symbol.asyncDispose]()
    await failure(module.call('add', [1, 2]), 'closed')
    await host[Symbol.asyncDispose]()
    await failure(host.loadModule('add', fixture('add')), 'closed')
  })
}

/** Runs a script in a process of its own, under the same Node and mode: what it prints, once it has ended by itself. */
async function script(mode: Mode, code: string): Promise<string> {
  const prelude = `
    ${mode.jspi ? '' : "Reflect.deleteProperty(WebAssembly, 'Suspending'); Reflect.deleteProperty(WebAssembly, 'promising')"}
    const { readFileSync } = await import('node:fs')
    const { Host } = await import(${JSON.stringify(new URL('../../src/index.ts', import.meta.url).href)})
    const jspi = ${mode.jspi}
    const bytes = (name) => readFileSync(${JSON.stringify(FIXTURES)} + '/' + name + '.wasm')
  `
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', prelude + code], { timeout: 20_000 })
  return stdout.trim()
}
