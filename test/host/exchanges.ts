/** Bytes, text and JSON in and out, and that each is one call. */
import assert from 'node:assert/strict'
import { channel, tracingChannel } from 'node:diagnostics_channel'
import type { CallEvent, Caller, ImportValue, Module } from '../../src/index.ts'
import { type Bench, behaviour, differs, failure, type Mode, nextTurn } from '../support/host.ts'
import { counted, ECHO, error, LOOP, output, plugin, spin } from '../support/plugin.ts'
import { wat } from '../support/wat.ts'

export function exchanges(mode: Mode): void {
  behaviour('bytes, text and JSON go in and come out: also none, and more than the memory had room for', async (bench) => {
    const module = await bench.load(plugin(ECHO))
    assert.deepEqual(await module.callBytes('f', Uint8Array.of(0, 255, 128)), Uint8Array.of(0, 255, 128))
    assert.deepEqual(await module.callBytes('f', new Uint8Array()), new Uint8Array())
    for (const text of ['', 'wörld €🦀', '\ufeffmarked', '\0', 'x'.repeat(300_000)]) assert.equal(await module.callText('f', text), text)
    for (const value of [null, 0, 'text', [1, 'zwei', { drei: '€' }], JSON.parse('{"__proto__": 1}')])
      assert.deepEqual(await module.callJson('f', value), value)
    assert.ok(module.memorySize >= 300_000)
  })

  behaviour('the bytes that come out are a copy of their own', async (bench) => {
    const module = await bench.load(plugin(output(16, 2)))
    const first = await module.callBytes('f', Uint8Array.of(1))
    assert.equal(first.buffer.byteLength, 2)
    first.fill(0)
    assert.deepEqual(await module.callBytes('f', Uint8Array.of(1)), Uint8Array.of(0xe9, 0xff))
  })

  behaviour('the input is as it was when the call was made, whatever is done with it while the call waits', async (bench) => {
    const module = await bench.load(plugin(ECHO))
    const input = Uint8Array.of(1, 2, 3)
    const outputs = [module.callBytes('f', input), module.callBytes('f', input)]
    input.fill(9)
    assert.deepEqual(await Promise.all(outputs), [Uint8Array.of(1, 2, 3), Uint8Array.of(1, 2, 3)])
  })

  behaviour('the input is allocated and freed once, an empty one as well, and freed after the output was copied', async (bench) => {
    const alloc = '(func (export "alloc") (param i32) (result i32) (global.set $top (i32.add (global.get $top) (i32.const 1))) (i32.const 128))'
    const free = `(func (export "free") (param $at i32) (param $length i32)
      (memory.fill (local.get $at) (i32.const 88) (local.get $length))
      (global.set $freed (i32.add (i32.mul (global.get $freed) (i32.const 1000)) (i32.add (local.get $at) (local.get $length)))))`
    const module = await bench.load(plugin(ECHO, { alloc, free }))
    assert.equal(await module.callText('f', 'twelve bytes'), 'twelve bytes')
    assert.equal(await module.callText('f', ''), '')
    assert.deepEqual([await counted(module, 'top'), await counted(module, 'freed')], [4096 + 2, 140_128])
  })

  behaviour('for an empty input `alloc` may return anything, which the function and `free` get', async (bench) => {
    for (const address of [0, -1, 65_536]) {
      const alloc = `(func (export "alloc") (param i32) (result i32) (i32.const ${address}))`
      const free = '(func (export "free") (param i32 i32) (global.set $freed (local.get 0)))'
      const module = await bench.load(plugin('(global.set $top (local.get $at)) (call $pack (local.get $at) (i32.const 0))', { alloc, free }), {
        name: `${address}`,
      })
      assert.equal(await module.callText('f', ''), '')
      assert.deepEqual([await counted(module, 'top'), await counted(module, 'freed')], [address, address])
    }
  })

  behaviour('`free` is not needed', async (bench) => {
    const module = await bench.load(plugin(ECHO, { free: '' }))
    assert.deepEqual([await module.callText('f', 'a'), await module.callText('f', 'b')], ['a', 'b'])
    assert.equal(await counted(module, 'top'), 4098)
  })

  behaviour('the input is freed as well when the plugin reports an error, or gives back what cannot be read', async (bench) => {
    for (const body of [error(64, 3), output(-1, 1), output(16, 2)]) {
      const module = await bench.load(plugin(body), { name: `after ${body}` })
      await failure(module.callText('f', 'four'))
      assert.equal(await counted(module, 'freed'), 4)
    }
  })

  behaviour('an exchange is one call: it counts once and is told once, with what came out', async (bench) => {
    const module = await bench.load(plugin(ECHO), { name: 'told exchange' })
    const bad = await bench.load(plugin(output(32, 11)), { name: 'told exchange', host: {} })
    const seen: CallEvent[] = []
    const note = (event: unknown) => void ((event as CallEvent).module === 'told exchange' && seen.push(event as CallEvent))
    const tracing = tracingChannel<string, CallEvent>('curfew.call')
    const subscribers = { asyncEnd: note } as unknown as Parameters<typeof tracing.subscribe>[0]
    tracing.subscribe(subscribers)
    try {
      await module.callJson('f', [1])
      await failure(module.callJson('f', undefined), 'bad-argument')
      await failure(bad.callJson('f', 1), 'bad-output')
    } finally {
      tracing.unsubscribe(subscribers)
    }
    assert.deepEqual(
      seen.map(({ function: name, outcome, ran, result }) => ({ name, outcome, ran, result })),
      [
        { name: 'f', outcome: 'ok', ran: true, result: [[1]] },
        { name: 'f', outcome: 'bad-output', ran: true, result: undefined },
      ],
    )
    assert.equal(channel('tracing:curfew.call:asyncEnd').hasSubscribers, false)
    assert.deepEqual([module.stats.calls, module.stats.outcomes], [1, { ok: 1 }])
  })

  behaviour('exchanges of one instance run one after another, in the order in which they were made', async (bench) => {
    const module = await bench.load(plugin(`${spin(3_000_000)} ${ECHO}`))
    const texts = ['one', 'two', 'three']
    assert.deepEqual(await Promise.all(texts.map((text) => module.callText('f', text))), texts)
    assert.equal(await counted(module, 'top'), 4096)
  })

  behaviour('a lease has them, on its instance; and so has `setup`', async (bench) => {
    const seen: string[] = []
    const module = await bench.load(plugin(ECHO), { setup: async (instance) => void seen.push(await instance.callText('f', 'set up')) })
    assert.deepEqual(seen, ['set up'])
    await module.use(async (instance) => {
      const all = Promise.all([instance.callText('f', 'a'), instance.callJson<number[]>('f', [1]), instance.callBytes('f', Uint8Array.of(2))])
      assert.deepEqual(await all, ['a', [1], Uint8Array.of(2)])
      assert.deepEqual(await instance.call('calls'), [4])
      await failure(instance.callText('f', 'longer', { outputLimit: 1 }), 'bad-output')
      assert.deepEqual(await instance.call('calls'), [5])
    })
  })

  behaviour('after a stop in an exchange a lease is stale', async (bench) => {
    const module = await bench.load(plugin(`${LOOP} unreachable`))
    await module.use(async (instance) => {
      await failure(instance.callText('f', 'x', { timeout: 20 }), 'deadline')
      await failure(instance.callText('f', 'x'), 'stale')
    })
  })

  behaviour("`reuse: 'never'` gives each exchange an instance of its own, and a replaced module its new functions", async (bench) => {
    const module = await bench.load(plugin('(i32.store (i32.const 128) (global.get $calls)) (call $pack (i32.const 128) (i32.const 1))'), { reuse: 'never' })
    for (let time = 0; time < 3; time++) assert.deepEqual(await module.callBytes('f', Uint8Array.of(7)), Uint8Array.of(1))
    await module.replace(wat(plugin(ECHO, { free: '' })))
    assert.deepEqual(await module.callBytes('f', Uint8Array.of(7)), Uint8Array.of(7))
    await module.replace(wat(plugin(ECHO, { alloc: '' })))
    await failure(module.callText('f', ''), 'wrong-signature')
  })

  behaviour('fuel and CPU time are those of the whole exchange', async (bench) => {
    const alloc = `(func (export "alloc") (param i32) (result i32) (local $i i32) ${spin(1_000)} (i32.const 4096))`
    const free = `(func (export "free") (param i32 i32) (local $i i32) ${spin(1_000)})`
    const module = await bench.load(plugin(`${spin(1_000)} ${ECHO}`, { alloc, free }), { fuel: Number.POSITIVE_INFINITY })
    await module.callText('f', 'x')
    const all = module.stats.lastFuel
    await module.call('free', [0, 0])
    const one = module.stats.lastFuel
    assert.ok(all > 3n * one - 100n && all < 3n * one + 100n, `${all} for three of ${one}`)
    assert.equal(await module.callText('f', 'x', { fuel: all }), 'x')
    const failed = await failure(module.callText('f', 'x', { fuel: all - 1n }), 'out-of-fuel')
    assert.equal(failed.figures.fuel, Number(all - 1n))
  })

  behaviour('a signal ends an exchange', async (bench) => {
    const module = await bench.load(plugin(`${LOOP} unreachable`))
    const controller = bench.abortController()
    controller.abort(new Error('enough'))
    const failed = await failure(module.callText('f', 'x', { signal: controller.signal }), 'aborted')
    assert.deepEqual(failed.cause, new Error('enough'))
  })

  behaviour('closing the module ends an exchange that waits', async (bench) => {
    const module = await bench.load(plugin(ECHO))
    await Promise.all([
      failure(
        module.use(() => new Promise(() => undefined)),
        'closed',
      ),
      failure(module.callText('f', 'x'), 'closed'),
      module.close(),
    ])
    await failure(module.callText('f', 'x'), 'closed')
  })

  behaviour('a host function may pass text to the guest that called it, whose exchange it is in', async (bench) => {
    const inner: Promise<string>[] = []
    const imports = { h: { nest: (depth: number) => void (depth > 0 && inner.push(module.callText('f', 'x'.repeat(depth - 1)))) } }
    const module: Module = await bench.load(plugin(`(call $nest (local.get $length)) ${ECHO}`, { imports: '(import "h" "nest" (func $nest (param i32)))' }), {
      imports,
    })
    assert.equal(await module.callText('f', 'xxx'), 'xxx')
    assert.deepEqual(await Promise.all(inner), ['', 'x', 'xx'])
    assert.deepEqual([await counted(module, 'calls'), await counted(module, 'top')], [4, 4096])
  })

  behaviour('a guest that ends in a step ends the exchange', async (bench) => {
    for (const part of ['alloc', 'free']) {
      const imports = (caller: Caller) => ({ h: { exit: (code: number) => caller.end(code) } })
      const exits = `(func (export "${part}") (param i32 ${part === 'free' ? 'i32' : ''}) (result ${part === 'free' ? '' : 'i32'}) (call $exit (i32.const 7)) unreachable)`
      const module = await bench.load(plugin(ECHO, { imports: '(import "h" "exit" (func $exit (param i32)))', [part]: exits }), { imports, name: part })
      const ended = await failure(module.callText('f', 'x'), 'ended')
      assert.deepEqual([ended.cause, ended.function], [7, 'f'])
      assert.equal(await counted(module, 'calls'), 0)
    }
  })

  if (mode.jspi)
    behaviour('each step runs in slices: the event loop has its turns while `alloc` loops', async (bench) => {
      const alloc = `(func (export "alloc") (param i32) (result i32) ${LOOP} unreachable)`
      const module = await bench.load(plugin(ECHO, { alloc }))
      let turns = 0
      const ticking = setInterval(() => turns++, 1)
      await failure(module.callText('f', 'x', { timeout: 100 }), 'deadline')
      clearInterval(ticking)
      assert.ok(turns > 1, `${turns} turns`)
    })

  const waits = async (bench: Bench) => {
    const asked: string[] = []
    const imports = {
      h: { wait: (what: number) => nextTurn().then(() => void asked.push(`${what}`)) } as Record<string, ImportValue>,
    }
    const text = plugin(`(call $wait (i32.const 1)) ${ECHO}`, {
      imports: '(import "h" "wait" (func $wait (param i32)))',
      alloc: '(func (export "alloc") (param i32) (result i32) (call $wait (i32.const 0)) (i32.const 4096))',
      free: '(func (export "free") (param i32 i32) (call $wait (i32.const 2)))',
    })
    return { asked, module: await bench.load(text, { imports }) }
  }
  differs(
    // Where no guest can be suspended, a thread can wait
    { ...mode, jspi: mode.jspi || mode.threads !== undefined },
    [
      'each step may wait for a host function',
      async (bench) => {
        const { asked, module } = await waits(bench)
        assert.equal(await module.callText('f', 'waited'), 'waited')
        assert.deepEqual(asked, ['0', '1', '2'])
      },
    ],
    [
      'a step cannot wait for a host function: that is refused, as in any call',
      async (bench) => {
        const { module } = await waits(bench)
        assert.match((await failure(module.callText('f', 'waited'), 'host-function')).message, /cannot suspend/)
      },
    ],
  )
}
