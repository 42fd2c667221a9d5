/** Bytes, text and JSON in and out: the packed convention, and what bad guests make of it. */
import assert from 'node:assert/strict'
import { channel, tracingChannel } from 'node:diagnostics_channel'
import { type CallEvent, GuestError, type ImportValue, type LoadOptions, type Module, UsageError } from '../../src/index.ts'
import { type Bench, behaviour, differs, failure, type Mode, nextTurn } from '../support/host.ts'
import { wat } from '../support/wat.ts'

/** The functions that a plugin has unless it says otherwise. `$pack` makes an output. */
const PARTS = {
  memory: '(memory (export "memory") 1)',
  state: `(global $top (mut i32) (i32.const 4096)) (global $calls (mut i32) (i32.const 0)) (global $freed (mut i32) (i32.const 0))
    (data (i32.const 16) "\\e9\\ff") (data (i32.const 32) "{\\"a\\": nope}") (data (i32.const 64) "no \\e2\\82\\ac left\\0a\\1b[2J")
    (func $pack (param i32 i32) (result i64)
      (i64.or (i64.shl (i64.extend_i32_u (local.get 0)) (i64.const 32)) (i64.extend_i32_u (local.get 1))))
    (func (export "freed") (result i32) (global.get $freed)) (func (export "top") (result i32) (global.get $top))
    (func (export "calls") (result i32) (global.get $calls))`,
  alloc: `(func $alloc (export "alloc") (param $length i32) (result i32) (local $at i32)
    (local.set $at (global.get $top))
    (global.set $top (i32.add (local.get $at) (local.get $length)))
    (if (i32.gt_u (global.get $top) (i32.mul (memory.size) (i32.const 65536)))
      (then (if (i32.lt_s (memory.grow (i32.add (i32.shr_u (local.get $length) (i32.const 16)) (i32.const 1))) (i32.const 0)) (then (return (i32.const 0))))))
    (local.get $at))`,
  // What is freed is overwritten
  free: `(func $free (export "free") (param $at i32) (param $length i32)
    (memory.fill (local.get $at) (i32.const 88) (local.get $length))
    (global.set $top (local.get $at))
    (global.set $freed (i32.add (global.get $freed) (local.get $length))))`,
}

type Parts = Partial<typeof PARTS>

/** A plugin whose function `f` is this body, with `$at` and `$length`; it counts its calls. */
function plugin(body: string, parts: Parts & { imports?: string } = {}): string {
  const { imports = '', memory, state, alloc, free } = { imports: '', ...PARTS, ...parts }
  const f = `(func (export "f") (param $at i32) (param $length i32) (result i64) (local $i i32)
    (global.set $calls (i32.add (global.get $calls) (i32.const 1))) ${body})`
  return `(module ${imports} ${memory} ${state} ${alloc} ${free} ${f})`
}

const ECHO = '(call $pack (local.get $at) (local.get $length))'
const LOOP = '(loop $again (br $again))'
const spin = (times: number) =>
  `(loop $more (local.set $i (i32.add (local.get $i) (i32.const 1))) (br_if $more (i32.lt_u (local.get $i) (i32.const ${times}))))`
const output = (address: number, length: number) => `(call $pack (i32.const ${address}) (i32.const ${length}))`
const error = (address: number, length: number) => output(address, length - 0x8000_0000)

/** What the plugin's guest has counted. */
const counted = async (module: Module, what: 'calls' | 'freed' | 'top') => (await module.call(what))[0]

/** The code, and that the module goes on: in the same instance, or in another. */
async function fails(bench: Bench, text: string, code: Parameters<typeof failure>[1], { keeps, ...options }: LoadOptions & { keeps: boolean }) {
  const module = await bench.load(text, options)
  const failed = await failure(module.callText('f', 'input', { timeout: 50 }), code)
  assert.deepEqual([failed.module, failed.function, failed.ran], ['text', 'f', true])
  assert.equal(typeof (await counted(module, 'calls')), 'number')
  assert.equal(module.stats.restarts, keeps ? 0 : 1)
  assert.equal(module.stats.outcomes[failed.code], 1, 'it counts as one call')
  return failed
}

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

  behaviour('the input is freed once, as it was allocated, after the output was copied; an empty one is neither allocated nor freed', async (bench) => {
    const module = await bench.load(plugin(ECHO))
    assert.equal(await module.callText('f', 'twelve bytes'), 'twelve bytes')
    assert.deepEqual([await counted(module, 'freed'), await counted(module, 'top')], [12, 4096])
    await module.callText('f', '')
    assert.deepEqual([await counted(module, 'freed'), await counted(module, 'top')], [12, 4096])
    const where = await bench.load(plugin('(i32.store (i32.const 128) (local.get $at)) (call $pack (i32.const 128) (i32.const 4))', { alloc: '', free: '' }))
    await failure(where.callBytes('f', new Uint8Array()), 'wrong-signature')
    const empty = await bench.load(plugin('(i32.store (i32.const 128) (local.get $at)) (call $pack (i32.const 128) (i32.const 4))'))
    assert.notDeepEqual(await empty.callBytes('f', new Uint8Array()), new Uint8Array(4), 'it is not at null')
  })

  behaviour('`free` is not needed', async (bench) => {
    const module = await bench.load(plugin(ECHO, { free: '' }))
    assert.deepEqual([await module.callText('f', 'a'), await module.callText('f', 'b')], ['a', 'b'])
    assert.equal(await counted(module, 'top'), 4098)
  })

  behaviour('the input is freed as well when the plugin reports an error, or gives back what cannot be read', async (bench) => {
    for (const body of [error(64, 3), output(-1, 1)]) {
      const module = await bench.load(plugin(body), { name: `after ${body}` })
      await failure(module.callText('f', 'four'))
      assert.equal(await counted(module, 'freed'), 4)
    }
  })

  behaviour('an exchange is one call: it counts once and is told once, with what came out', async (bench) => {
    const module = await bench.load(plugin(ECHO), { name: 'told exchange' })
    const seen: CallEvent[] = []
    const note = (event: unknown) => void ((event as CallEvent).module === 'told exchange' && seen.push(event as CallEvent))
    const tracing = tracingChannel<string, CallEvent>('curfew.call')
    const subscribers = { asyncEnd: note } as unknown as Parameters<typeof tracing.subscribe>[0]
    tracing.subscribe(subscribers)
    try {
      await module.callJson('f', [1])
      await failure(module.callJson('f', undefined), 'bad-argument')
    } finally {
      tracing.unsubscribe(subscribers)
    }
    assert.deepEqual(
      seen.map(({ function: name, outcome, ran, result }) => ({ name, outcome, ran, result })),
      [{ name: 'f', outcome: 'ok', ran: true, result: [[1]] }],
    )
    assert.equal(channel('tracing:curfew.call:asyncEnd').hasSubscribers, false)
    assert.deepEqual([module.stats.calls, module.stats.outcomes], [1, { ok: 1 }])
  })

  behaviour('one deadline bounds all steps: an endless loop in `alloc`, in the function or in `free` ends by it', async (bench) => {
    const loops: [string, Parts][] = [
      [ECHO, { alloc: `(func (export "alloc") (param i32) (result i32) ${LOOP} unreachable)` }],
      [`${LOOP} unreachable`, {}],
      [ECHO, { free: `(func (export "free") (param i32 i32) ${LOOP})` }],
    ]
    for (const [body, parts] of loops) {
      const stopped = await fails(bench, plugin(body, parts), 'deadline', { keeps: false })
      assert.equal(stopped.figures.timeout, 50)
    }
  })

  behaviour('what `alloc`, the function or `free` trap with is what the call fails with', async (bench) => {
    const traps: [string, Parts][] = [
      [ECHO, { alloc: '(func (export "alloc") (param i32) (result i32) unreachable)' }],
      ['unreachable', {}],
      [ECHO, { free: '(func (export "free") (param i32 i32) unreachable)' }],
      ['(drop (call $deep (i64.const 0))) unreachable', { free: '(func $deep (param i64) (result i64) (i64.add (call $deep (local.get 0)) (i64.const 1)))' }],
    ]
    for (const [at, [body, parts]] of traps.entries()) await fails(bench, plugin(body, parts), at === 3 ? 'stack-overflow' : 'trap', { keeps: false })
  })

  behaviour('an `alloc` that has no room, or says so of what is outside of memory, is `alloc-failed`: the function does not run', async (bench) => {
    const given = { 0: '0', [-1]: '4294967295', 65532: '65532', 65536: '65536', [-0x8000_0000]: '2147483648' }
    for (const [address, shown] of Object.entries(given)) {
      const alloc = `(func (export "alloc") (param i32) (result i32) (i32.const ${address}))`
      const failed = await fails(bench, plugin('unreachable', { alloc }), 'alloc-failed', { keeps: false })
      assert.ok(failed instanceof GuestError)
      assert.match(failed.what, new RegExp(`no room for an input of 5 bytes: its \`alloc\` returned ${shown}\\b`))
      assert.deepEqual([failed.figures.length, failed.figures.size], [5, 65_536])
    }
    const edge = await bench.load(plugin(ECHO, { alloc: '(func (export "alloc") (param i32) (result i32) (i32.const 65531))' }))
    assert.equal(await edge.callText('f', 'input'), 'input')
  })

  behaviour('an input that the memory has no room for is `alloc-failed`, and the module goes on', async (bench) => {
    const module = await bench.load(plugin(ECHO), { memoryLimit: 4 * 65_536 })
    await failure(module.callBytes('f', new Uint8Array(5 * 65_536)), 'alloc-failed')
    assert.equal(await module.callText('f', 'small'), 'small')
  })

  behaviour('a module without memory takes empty inputs alone', async (bench) => {
    const module = await bench.load(
      plugin(output(7, 0), {
        memory: '',
        state: PARTS.state.replace(/\(data[^)]*\)\s*"[^)]*\)|\(data .*"\)/g, ''),
        alloc: '(func (export "alloc") (param i32) (result i32) (i32.const 8))',
        free: '',
      }),
    )
    assert.equal(await module.callText('f', ''), '')
    await failure(module.callText('f', 'x'), 'alloc-failed')
  })

  behaviour('an output outside of memory is `bad-output` with the figures; the instance goes on', async (bench) => {
    for (const [address, length] of [
      [65_536, 1],
      [65_535, 2],
      [-1, 1],
      [-1, 0x0fff_ffff],
      [0, 0x0fff_ffff],
    ] as const) {
      const failed = await fails(bench, plugin(output(address, length)), 'bad-output', { keeps: true, memoryLimit: 65_536 })
      assert.ok(failed instanceof GuestError)
      if (length > 16 * 1024 * 1024) continue
      assert.match(failed.what, new RegExp(`said to be ${length} bytes at address ${address >>> 0}, which are outside of the guest's memory of 65536 bytes`))
      assert.deepEqual([failed.figures.address, failed.figures.length, failed.figures.size], [address >>> 0, length, 65_536])
    }
  })

  behaviour('an empty output may be said to be anywhere, and one may end where memory does', async (bench) => {
    for (const address of [0, -1, 65_536]) {
      const module = await bench.load(plugin(output(address, 0)), { name: `at ${address}` })
      assert.equal(await module.callText('f', 'x'), '')
    }
    const edge = await bench.load(plugin(output(65_535, 1)))
    assert.deepEqual(await edge.callBytes('f', new Uint8Array()), new Uint8Array(1))
  })

  behaviour('an output longer than `outputLimit` is `bad-output`, and is not read', async (bench) => {
    const module = await bench.load(plugin(ECHO))
    assert.equal(await module.callText('f', 'four', { outputLimit: 4 }), 'four')
    const failed = await failure(module.callText('f', 'fives', { outputLimit: 4 }), 'bad-output')
    assert.match(failed.message, /output has 5 bytes, above `outputLimit` of 4/)
    assert.deepEqual([failed.figures.length, failed.figures.limit], [5, 4])
    await failure(module.callBytes('f', new Uint8Array(16 * 1024 * 1024 + 1)), 'bad-output')
    assert.equal((await module.callBytes('f', new Uint8Array(16 * 1024 * 1024))).length, 16 * 1024 * 1024)
    for (const outputLimit of [-1, 0.5, Number.NaN, '1' as unknown as number]) await failure(module.callText('f', '', { outputLimit }), 'invalid-option')
    await failure(module.callText('f', '', { limit: 1 } as object), 'invalid-option')
  })

  behaviour('an error that the plugin reports is `guest-error`, with what it says as the cause; the instance goes on', async (bench) => {
    const failed = await fails(bench, plugin(error(64, 15)), 'guest-error', { keeps: true })
    assert.ok(failed instanceof GuestError)
    assert.equal(failed.cause, 'no € left\n\x1b[2J'.slice(0, 13))
    assert.match(failed.message, /^the plugin says "no € left\\n\\u001b\[2J?" \(function "f", module "text"\)\. /)
  })

  behaviour('a message may be empty, may be no UTF-8, and is cut; one outside of memory is `bad-output`', async (bench) => {
    const said = async (body: string) => (await failure((await bench.load(plugin(body), { name: body })).callText('f', 'x'), 'guest-error')).cause
    assert.equal(await said(error(0, 0)), '')
    assert.equal(await said(error(-1, 0)), '')
    assert.equal(await said(error(16, 2)), '\ufffd\ufffd')
    const long = await bench.load(plugin(`(drop (memory.grow (i32.const 100))) ${error(0, 100 * 65_536)}`))
    const failed = await failure(long.callText('f', 'x', { outputLimit: 10 }), 'guest-error')
    assert.ok((failed.cause as string).length > 65_500 && (failed.cause as string).length <= 65_536)
    assert.ok(failed.message.length < 1_000)
    for (const body of ['(i64.const -1)', error(65_535, 2)]) await fails(bench, plugin(body), 'bad-output', { keeps: true })
  })

  behaviour('an output that is not UTF-8 is `bad-output` as text and JSON, and bytes as bytes', async (bench) => {
    const failed = await fails(bench, plugin(output(16, 2)), 'bad-output', { keeps: true })
    assert.match(failed.what, /output of 2 bytes is not UTF-8/)
    const module = await bench.load(plugin(output(16, 2)))
    await failure(module.callJson('f', 1), 'bad-output')
    assert.deepEqual(await module.callBytes('f', Uint8Array.of(1)), Uint8Array.of(0xe9, 0xff))
  })

  behaviour('an output that is not JSON is `bad-output`, which says where', async (bench) => {
    const module = await bench.load(plugin(output(32, 11)))
    const failed = await failure(module.callJson('f', 1), 'bad-output')
    assert.ok(failed instanceof GuestError)
    assert.match(failed.message, /the output of 11 characters is not JSON: .*nope|position 7/)
    assert.ok(failed.cause instanceof SyntaxError)
    assert.deepEqual([failed.module, failed.function, failed.ran], ['text', 'f', true])
    const empty = await bench.load(plugin(output(32, 0)), { name: 'empty' })
    assert.match((await failure(empty.callJson('f', 1), 'bad-output')).message, /Unexpected end of JSON input/)
    assert.equal(await counted(module, 'calls'), 1)
  })

  behaviour('what cannot go in is refused before the guest runs', async (bench) => {
    const module = await bench.load(plugin(ECHO))
    const circle: unknown[] = []
    circle.push(circle)
    const refused: [() => Promise<unknown>, RegExp][] = [
      [() => module.callBytes('f', 'text' as unknown as Uint8Array), /Uint8Array, but got "text"/],
      [() => module.callBytes('f', [1] as unknown as Uint8Array), /Uint8Array, but got an array/],
      [() => module.callText('f', 1 as unknown as string), /a string, but got 1/],
      [() => module.callText('f', 'half \ud800'), /half of a surrogate pair/],
      [() => module.callJson('f', undefined), /there is none for undefined/],
      [() => module.callJson('f', () => 1), /there is none for a function/],
      [() => module.callJson('f', Symbol('s')), /there is none for Symbol/],
      [() => module.callJson('f', circle), /circular/i],
      [() => module.callJson('f', 1n), /BigInt/],
    ]
    for (const [attempt, message] of refused) {
      const failed = await failure(attempt, 'bad-argument')
      assert.ok(failed instanceof UsageError)
      assert.match(failed.message, message)
      assert.deepEqual([failed.module, failed.function, failed.ran], ['text', 'f', false])
    }
    assert.equal(await counted(module, 'calls'), 0)
  })

  behaviour('a function or module that is not made for it is refused, with what it is and what is needed', async (bench) => {
    const wrong: [string, string, RegExp][] = [
      [plugin(ECHO), 'calls', /"calls" to be a function \(i32, i32\) -> i64, but it is \(\) -> i32/],
      [plugin(ECHO, { alloc: '' }), 'f', /"alloc" to be a function \(i32\) -> i32, which the module does not export/],
      [
        plugin(ECHO, { alloc: '(func (export "alloc") (param i64) (result i64) (local.get 0))' }),
        'f',
        /"alloc" to be a function \(i32\) -> i32, but it is \(i64\) -> i64/,
      ],
      [plugin(ECHO, { free: '(func (export "free") (param i32))' }), 'f', /"free" to be a function \(i32, i32\) -> \(\), but it is \(i32\) -> \(\)/],
    ]
    for (const [at, [text, name, message]] of wrong.entries()) {
      const module = await bench.load(text, { name: `wrong ${at}` })
      for (const attempt of [module.callText(name, 'x'), module.use((held) => held.callText(name, 'x'))]) {
        const failed = await failure(attempt, 'wrong-signature')
        assert.ok(failed instanceof UsageError)
        assert.match(failed.message, message)
      }
    }
    const module = await bench.load(plugin(ECHO))
    await failure(module.callText('none', 'x'), 'no-such-function')
    await failure(module.callText('memory', 'x'), 'no-such-function')
    await failure(module.callText(1 as unknown as string, 'x'), 'invalid-option')
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

  behaviour('what a host function throws in a step is the cause, also if it is what another plugin said', async (bench) => {
    const other = await bench.load(plugin(error(64, 2)), { name: 'other' })
    const said = await failure(other.callText('f', 'x'), 'guest-error')
    const h = {
      throws: () => {
        throw said
      },
    }
    const imports = '(import "h" "throws" (func $throws))'
    const failed = await fails(bench, plugin('(call $throws) unreachable', { imports }), 'host-function', { keeps: false, imports: { h } })
    assert.equal((failed.cause as GuestError).code, 'guest-error')
    const free = '(func (export "free") (param i32 i32) (call $throws))'
    await fails(bench, plugin(ECHO, { imports, free }), 'host-function', { keeps: false, imports: { h } })
  })

  const waits = async (bench: Bench) => {
    const asked: string[] = []
    const imports = {
      h: { wait: async (what: number) => void asked.push(`${what}`, await nextTurn().then(() => `${what} done`)) } as Record<string, ImportValue>,
    }
    const text = plugin(`(call $wait (i32.const 1)) ${ECHO}`, {
      imports: '(import "h" "wait" (func $wait (param i32)))',
      alloc: '(func (export "alloc") (param i32) (result i32) (call $wait (i32.const 0)) (i32.const 4096))',
      free: '(func (export "free") (param i32 i32) (call $wait (i32.const 2)))',
    })
    return { asked, module: await bench.load(text, { imports }) }
  }
  differs(
    mode,
    [
      'each step may wait for a host function',
      async (bench) => {
        const { asked, module } = await waits(bench)
        assert.equal(await module.callText('f', 'waited'), 'waited')
        assert.deepEqual(asked, ['0', '0 done', '1', '1 done', '2', '2 done'])
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
