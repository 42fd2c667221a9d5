/** Bytes, text and JSON in and out: what bad plugins make of it, and what cannot go in. */
import assert from 'node:assert/strict'
import { GuestError, UsageError } from '../../src/index.ts'
import { behaviour, failure } from '../support/host.ts'
import { counted, ECHO, error, fails, LOOP, output, PARTS, type Parts, plugin } from '../support/plugin.ts'

export function badExchanges(): void {
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
    for (const options of [{ limit: 1 }, null, 1]) await failure(module.callText('f', '', options as object), 'invalid-option')
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
    const given = new Uint8Array(8)
    structuredClone(given, { transfer: [given.buffer] })
    const refused: [() => Promise<unknown>, RegExp][] = [
      [() => module.callBytes('f', 'text' as unknown as Uint8Array), /Uint8Array, but got "text"/],
      [() => module.callBytes('f', [1] as unknown as Uint8Array), /Uint8Array, but got an array/],
      [() => module.callBytes('f', given), /bytes were given away/],
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
}
