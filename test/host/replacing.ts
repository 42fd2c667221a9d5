/** `module.replace`: another version, without a gap. */
import assert from 'node:assert/strict'
import type { Module } from '../../src/index.ts'
import { behaviour, differs, failure, fixture, type Mode, nextTurn, sleep, within } from '../support/host.ts'
import { wat } from '../support/wat.ts'

const version = (number: number, more = '') => wat(`(module (func (export "version") (result i32) i32.const ${number}) ${more})`)

/** Waits until new calls go to a version that exports this. */
async function serves(module: Module, name: string): Promise<void> {
  while (!module.exports.some((each) => each.name === name)) await nextTurn()
}

export function replacing(mode: Mode): void {
  behaviour('new calls go to the new version, under the same name; exports are those of the new one', async (bench) => {
    const host = bench.host({ execTimeout: 5_000 })
    const module = await host.loadModule('plugin', version(1))
    assert.deepEqual(await module.call('version'), [1])
    assert.deepEqual(await module.replace(version(2, '(func (export "more"))')), { drained: true })
    assert.deepEqual(await module.call('version'), [2])
    assert.deepEqual(
      module.exports.map(({ name }) => name),
      ['version', 'more'],
    )
    assert.deepEqual(await module.call('more'), [])
    assert.equal(host.modules.get('plugin'), module)
    assert.equal(module.stats.calls, 3, 'of both')
  })

  behaviour('no call fails or waits while versions change', async (bench) => {
    const module = await bench.load('(module (func (export "version") (result i32) i32.const 0))')
    let over = false
    const seen: number[] = []
    const calling = (async () => {
      while (!over) {
        seen.push((await module.call('version'))[0] as number)
        await nextTurn()
      }
    })()
    for (let number = 1; number <= 10; number++) await module.replace(version(number))
    over = true
    await calling
    assert.deepEqual(
      seen,
      seen.toSorted((a, b) => a - b),
      'never back to a former one',
    )
    assert.equal(module.stats.calls, seen.length)
    assert.equal(module.stats.outcomes.ok, seen.length)
  })

  behaviour('if the new version cannot be loaded, the old one goes on and the error says why', async (bench) => {
    const module = await bench.load('counter')
    await module.call('increment')
    await failure(module.replace(Uint8Array.of(1, 2, 3)), 'malformed')
    assert.match((await failure(module.replace(fixture('host_calls')), 'missing-import')).message, /"env" "log"/)
    await failure(module.replace(fixture('start_loop'), { startTimeout: 10 }), 'start-timeout')
    await failure(module.replace(fixture('counter'), { execTimeout: -1 }), 'invalid-option')
    await failure(module.replace(fixture('counter'), { drainTimeout: -1 }), 'invalid-option')
    await failure(module.replace(fixture('counter'), { signal: AbortSignal.abort('no') }), 'aborted')
    assert.deepEqual(await module.call('increment'), [2])
    assert.deepEqual(await module.replace(fixture('counter')), { drained: true })
    assert.deepEqual(await module.call('increment'), [1])
  })

  behaviour('the old version has its calls, leases and waiting calls to the end, and then it is closed', async (bench) => {
    const module = await bench.load('counter', { host: { execTimeout: 5_000 } })
    let release: (() => void) | undefined
    const leased = module.use(async (instance) => {
      await instance.call('increment')
      await new Promise<void>((resolve) => {
        release = resolve
      })
      assert.deepEqual(await instance.call('increment'), [2])
    })
    const waiting = module.call('increment')
    await nextTurn()
    let drained: object | undefined
    const replacing = module.replace(version(2)).then((result) => {
      drained = result
    })
    await serves(module, 'version')
    assert.deepEqual(await module.call('version'), [2])
    assert.equal(drained, undefined)
    release?.()
    await leased
    assert.deepEqual(await waiting, [3], 'it had joined the line of the old version')
    await replacing
    assert.deepEqual(drained, { drained: true })
  })

  behaviour('after `drainTimeout` what is left of the old version ends with `closed`', async (bench) => {
    const module = await bench.load('counter', { host: { execTimeout: 5_000 } })
    const leased = failure(
      module.use(() => new Promise(() => undefined)),
      'closed',
    )
    await nextTurn()
    assert.deepEqual(await module.replace(fixture('counter'), { drainTimeout: 10 }), { drained: false })
    await leased
    assert.deepEqual(await module.call('increment'), [1])
  })

  behaviour('a step that a lease of the old version left behind is counted', async (bench) => {
    const module = await bench.load('infinite_loop', { host: { execTimeout: 200 } })
    let step: Promise<unknown> | undefined
    let release: (() => void) | undefined
    const leased = module.use(async (instance) => {
      step = failure(instance.call('loop'))
      await new Promise<void>((resolve) => {
        release = resolve
      })
    })
    while (release === undefined) await nextTurn()
    const replacing = module.replace(version(2))
    await serves(module, 'version')
    release()
    await Promise.all([leased, replacing])
    await step
    assert.equal(module.stats.calls, 1)
  })

  behaviour('a call of the old version that closes the module from its host function is counted, as all others are', async (bench) => {
    const bytes = wat('(module (import "env" "close" (func $close)) (func (export "close") (call $close)))')
    let closing: Promise<void> | undefined
    const close = () => {
      closing = module.close()
    }
    const module = await bench.host({ execTimeout: 5_000 }).loadModule('plugin', bytes, { imports: { env: { close } } })
    let release: (() => void) | undefined
    const leased = module.use(() => new Promise<void>((resolve) => (release = resolve)))
    const last = failure(module.call('close'), 'closed')
    await nextTurn()
    const replacing = module.replace(version(2))
    await serves(module, 'version')
    release?.()
    await Promise.all([leased, last])
    assert.deepEqual(await replacing, { drained: false })
    await closing
    assert.deepEqual(module.stats.outcomes, { closed: 1 })
  })

  differs(
    mode,
    [
      'a call that runs is not disturbed',
      async (bench) => {
        const module = await bench.load('infinite_loop', { host: { execTimeout: 60 } })
        const endless = failure(module.call('loop'), 'deadline')
        assert.deepEqual(await module.replace(version(2)), { drained: true })
        assert.ok(((await endless).figures.elapsed as number) >= 60)
        assert.deepEqual(await module.call('version'), [2])
      },
    ],
    [
      'a call that runs holds the thread, the replacement included',
      async (bench) => {
        const module = await bench.load('infinite_loop', { host: { execTimeout: 20 } })
        const endless = failure(module.call('loop'), 'deadline')
        assert.deepEqual(await module.replace(version(2)), { drained: true })
        await endless
        assert.deepEqual(await module.call('version'), [2])
      },
    ],
  )

  behaviour('options stay as they were at load, but for those that are given', async (bench) => {
    const host = bench.host({ execTimeout: 5_000, maxExecTimeout: 8_000 })
    let readied = 0
    const setup = () => void readied++
    const module = await host.loadModule('plugin', version(1), { execTimeout: 70, setup })
    await module.replace(version(2))
    assert.deepEqual([module.execTimeout, readied], [70, 2])
    await module.replace(version(3), { execTimeout: 10_000 })
    assert.deepEqual([module.execTimeout, readied], [8_000, 3])
  })

  behaviour('a signal that ended with the load does not matter to a replacement', async (bench) => {
    const controller = bench.abortController()
    const module = await bench.load('add', { signal: controller.signal })
    controller.abort()
    await module.replace(version(2))
    assert.deepEqual(await module.call('version'), [2])
  })

  behaviour('one replacement at a time: another is refused at once', async (bench) => {
    const module = await bench.load('counter')
    const first = module.replace(version(1))
    await failure(module.replace(version(2)), 'busy')
    await first
    await module.replace(version(3))
    assert.deepEqual(await module.call('version'), [3])
  })

  behaviour('a module that is closed meanwhile stays closed, and nothing is left of the new version', async (bench) => {
    const host = bench.host({ execTimeout: 5_000 })
    const module = await host.loadModule('plugin', fixture('counter'))
    let readied = 0
    const setup = async () => {
      readied++
      await sleep(10)
    }
    const replacing = failure(module.replace(fixture('counter'), { setup }), 'closed')
    while (readied === 0) await nextTurn()
    const closing = module.close()
    await failure(module.replace(fixture('counter')), 'closed')
    await closing
    await replacing
    assert.equal(host.modules.has('plugin'), false)
    await failure(module.replace(fixture('counter')), 'closed')
    await failure(module.call('increment'), 'closed')
    await sleep(20)
  })

  behaviour('closing the module ends the calls of former versions too', async (bench) => {
    const module = await bench.load('counter', { host: { execTimeout: 5_000 } })
    const leased = failure(
      module.use(() => new Promise(() => undefined)),
      'closed',
    )
    await nextTurn()
    const replacing = module.replace(version(2))
    await serves(module, 'version')
    await module.close()
    await leased
    assert.deepEqual(await replacing, { drained: false })
  })

  behaviour("a module that closes by itself (`restart: 'never'`) ends the calls of its former versions too", async (bench) => {
    const host = bench.host()
    const module = await host.loadModule('plugin', fixture('counter'))
    const leased = failure(
      module.use(() => new Promise(() => undefined), { timeout: 0 }),
      'closed',
    )
    await nextTurn()
    const replacing = module.replace(version(2, '(func (export "trap") unreachable)'), { restart: 'never', drainTimeout: 0 })
    await serves(module, 'trap')
    await failure(module.call('trap'), 'trap')
    await leased
    assert.deepEqual(await replacing, { drained: false })
    assert.equal(host.modules.has('plugin'), false)
  })

  behaviour('a former version is closed as soon as the last call that waited for its instance has given up', async (bench) => {
    let isStuck = false
    const setup = () => (isStuck ? new Promise(() => undefined) : undefined)
    const module = await bench.load('traps', { setup, startTimeout: 0 })
    isStuck = true
    await failure(module.call('unreachable'), 'trap')
    const waiting = failure(module.call('ok', [], { timeout: 20 }), 'deadline')
    assert.deepEqual(await within(module.replace(version(2), { setup: () => undefined, drainTimeout: 0 }), 'the drain'), { drained: true })
    await waiting
  })

  behaviour('a `drainTimeout` that is longer than timers take is a long one', async (bench) => {
    const module = await bench.load('counter')
    const held = module.use(() => sleep(20))
    assert.deepEqual(await module.replace(version(2), { drainTimeout: 1e12 }), { drained: true })
    await held
  })

  behaviour("a former version that closes by itself (`restart: 'never'`) does not close the module", async (bench) => {
    const module = await bench.load('infinite_loop', { restart: 'never', host: { execTimeout: 5_000 } })
    const held = failure(
      module.use(async (instance) => {
        await sleep(20)
        await instance.call('loop', [], { timeout: 10 })
      }),
    )
    await nextTurn()
    await module.replace(version(2))
    assert.match((await held).code, /closed|deadline/)
    assert.deepEqual(await module.call('version'), [2])
  })

  behaviour('steps that end with a lease of the former version are in the sum, and have ended once that is closed', async (bench) => {
    const module = await bench.load('infinite_loop', { host: { execTimeout: 5_000 } })
    const { promise, resolve: release } = Promise.withResolvers<void>()
    const steps: Promise<unknown>[] = []
    const leased = module.use(async (instance) => {
      await promise
      for (let step = 0; step < 4; step++) steps.push(instance.call('ready').catch(() => undefined))
    })
    await nextTurn()
    const replacing = module.replace(version(2))
    await serves(module, 'version')
    release()
    await leased
    await replacing
    await Promise.all(steps)
    assert.equal(module.stats.calls, 4)
  })

  behaviour('a lease that is granted after the change is one of the version whose line it joined', async (bench) => {
    const module = await bench.load('counter', { host: { execTimeout: 5_000 } })
    const held = module.use(() => sleep(30))
    const waiting = module.use((instance) => instance.call('increment'))
    await module.replace(version(2))
    await held
    assert.deepEqual(await waiting, [1])
  })
}
