/** WASI as users have it: `wasi` of `loadModule`, `module.run`, and what becomes of a program that is ended. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import {
  type Caller,
  type CurfewError,
  type FileTree,
  HostFunctionError,
  type Imports,
  LoadError,
  MemoryDirectory,
  StopError,
  WasiExit,
} from '../../src/index.ts'
import { behaviour, differs, failure, GENEROUS, type Mode, nextTurn, sleep } from '../support/host.ts'
import { temporaryTree } from '../support/temporary-tree.ts'
import { wat } from '../support/wat.ts'

/** Functions of preview 1, under their names, with a page of memory. */
const IMPORTS = `
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open" (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock_time_get (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 2)
  (data (i32.const 1000) "hello") (data (i32.const 1100) "out.txt") (data (i32.const 1200) "in.txt")
  (func $write (param $fd i32) (param $at i32) (param $length i32)
    (i32.store (i32.const 0) (local.get $at))
    (i32.store (i32.const 4) (local.get $length))
    (drop (call $fd_write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8))))
  (func $read (param $fd i32) (result i32)
    (i32.store (i32.const 0) (i32.const 4096))
    (i32.store (i32.const 4) (i32.const 60000))
    (drop (call $fd_read (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8)))
    (i32.load (i32.const 8)))
  (func $open (param $at i32) (param $length i32) (param $flags i32) (result i32)
    (if (result i32) (call $path_open (i32.const 3) (i32.const 0) (local.get $at) (local.get $length) (local.get $flags) (i64.const 0x42) (i64.const 0) (i32.const 0) (i32.const 16))
      (then (i32.const -1)) (else (i32.load (i32.const 16)))))
  (func $sleep (param $ns i64)
    (memory.fill (i32.const 200) (i32.const 0) (i32.const 48))
    (i32.store (i32.const 216) (i32.const 1))
    (i64.store (i32.const 224) (local.get $ns))
    (drop (call $poll_oneoff (i32.const 200) (i32.const 300) (i32.const 1) (i32.const 400))))`

const program = (body: string, more = ''): string => `(module ${IMPORTS} ${more} (func (export "_start") (local $n i32) ${body}))`

const HELLO = '(call $write (i32.const 1) (i32.const 1000) (i32.const 5))'
/** Copies input to output, until it ends. */
const CAT = '(loop $more (local.set $n (call $read (i32.const 0))) (call $write (i32.const 1) (i32.const 4096) (local.get $n)) (br_if $more (local.get $n)))'
const FOREVER = '(loop $again (br $again))'
const A_LONG_TIME = '(call $sleep (i64.const 3600000000000))'

export function wasi(mode: Mode): void {
  behaviour('a program runs to its end, and what it wrote comes back', async (bench) => {
    const module = await bench.load(program(`${HELLO} (call $write (i32.const 2) (i32.const 1001) (i32.const 3))`), { wasi: {} })
    assert.deepEqual(await module.run(), { exitCode: 0, stdout: 'hello', stderr: 'ell' })
  })

  behaviour('the exit code is what it exits with, and no code of it runs after that, nor is that caught', async (bench) => {
    const module = await bench.load(program(`(block $caught (try_table (catch_all $caught) ${HELLO} (call $proc_exit (i32.const 42)))) ${HELLO}`), { wasi: {} })
    assert.deepEqual(await module.run(), { exitCode: 42, stdout: 'hello', stderr: '' })
    assert.equal((await module.run()).exitCode, 42)
  })

  if (mode.threads === undefined) {
    behaviour(
      'an exit, or too much output, in a call that a host function makes back into the program is an exit of the program, or too much output',
      async (bench) => {
        const nests = (body: string) =>
          bench.load(
            `(module (import "host" "back" (func $back)) ${IMPORTS} (func (export "nested") ${body})
            (func (export "_start") (block $caught (try_table (catch_all $caught) (call $back))) ${HELLO}))`,
            { wasi: { outputLimit: 9 }, imports: (caller) => ({ host: { back: () => void caller.callSync('nested') } }) },
          )
        assert.deepEqual(await (await nests(`${HELLO} (call $proc_exit (i32.const 4))`)).run(), { exitCode: 4, stdout: 'hello', stderr: '' })
        const error = await failure((await nests(HELLO + HELLO)).run(), 'output-limit')
        assert.deepEqual([error.figures.limit, error.output?.stdout], [9, 'hellohell'])
      },
    )
  }

  behaviour('each run has a pristine instance, unless `reuse` says otherwise', async (bench) => {
    const counts = program(`(i32.store8 (i32.const 1000) (i32.add (i32.load8_u (i32.const 1000)) (i32.const 1))) ${HELLO}`)
    const outputs = async (reuse?: 'always') => {
      const module = await bench.load(counts, { wasi: {}, ...(reuse === undefined ? {} : { reuse }) })
      return [(await module.run()).stdout, (await module.run()).stdout]
    }
    assert.deepEqual(await outputs(), ['iello', 'iello'])
    assert.deepEqual(await outputs('always'), ['iello', 'jello'])
  })

  // Where a thread waits with all its guests, none can call another
  if (mode.jspi || mode.threads === undefined)
    behaviour("a module that is called from another one's run has nothing of that: no output, no environment", async (bench) => {
      const host = bench.host({ execTimeout: GENEROUS })
      const written: string[] = []
      const other = await bench.load(
        `(module
        (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ_sizes_get (param i32 i32) (result i32)))
        (import "host" "context" (func $context))
        ${IMPORTS}
        (func (export "told") (result i32)
          ${HELLO} (call $context) (drop (call $environ_sizes_get (i32.const 20) (i32.const 24))) (i32.load (i32.const 20))))`,
        {
          wasi: { stdout: (bytes) => void written.push(new TextDecoder().decode(bytes)) },
          imports: (caller) => ({ host: { context: () => void contexts.push(caller.context) } }),
        },
      )
      const contexts: unknown[] = []
      const answers: unknown[] = []
      const call = async (way: () => unknown) => {
        const imports = { host: { call: way } }
        const module = await host.loadModule(
          `run ${answers.length}`,
          wat('(module (import "host" "call" (func $call)) (memory (export "memory") 1) (func (export "_start") (call $call)))'),
          { wasi: {}, imports },
        )
        assert.equal((await module.run({ env: { SECRET: 'x' }, context: 'secret' })).stdout, '')
      }
      if (mode.threads === undefined) await call(() => void answers.push(other.callSync('told', [], { timeout: GENEROUS })))
      if (mode.jspi) await call(async () => void answers.push(await other.call('told')))
      assert.ok(answers.length > 0)
      for (const answer of answers) assert.deepEqual(answer, [0])
      assert.deepEqual([written, contexts], [answers.map(() => 'hello'), answers.map(() => undefined)])
    })

  behaviour('input is text, bytes, or nothing; output is text or bytes', async (bench) => {
    const module = await bench.load(program(CAT), { wasi: {} })
    assert.equal((await module.run({ stdin: 'añb' })).stdout, 'añb')
    assert.deepEqual((await module.run({ stdin: Uint8Array.of(0, 255), encoding: 'buffer' })).stdout, Uint8Array.of(0, 255))
    assert.equal((await module.run()).stdout, '')
    assert.equal((await module.run({ stdin: '\uFEFFx' })).stdout, '\uFEFFx')
    assert.equal((await module.run({ stdin: 'x'.repeat(500_000) })).stdout.length, 500_000)
  })

  const stream = async function* () {
    yield new TextEncoder().encode('one ')
    await sleep(5)
    yield new TextEncoder().encode('two')
  }
  differs(
    { ...mode, jspi: mode.jspi || mode.threads !== undefined }, // a thread can wait

    [
      'a stream as input is waited for, chunk by chunk',
      async (bench) => {
        const module = await bench.load(program(CAT), { wasi: {} })
        assert.equal((await module.run({ stdin: stream() })).stdout, 'one two')
        const ofNode = Readable.from(stream())
        assert.equal((await module.run({ stdin: ofNode })).stdout, 'one two')
        assert.ok(ofNode.destroyed)
        assert.equal((await module.run({ stdin: Readable.toWeb(Readable.from(stream())) as ReadableStream<Uint8Array> })).stdout, 'one two')
      },
    ],
    [
      'the run fails, and says what to do',
      async (bench) => {
        const module = await bench.load(program(CAT), { wasi: {} })
        const error = await failure(module.run({ stdin: stream() }), 'host-function')
        assert.match(error.message, /stdin, which is a stream, but cannot be suspended .*: give stdin as a string or bytes/)
      },
    ],
  )

  if (mode.jspi) {
    behaviour('what a stream fails by is the cause', async (bench) => {
      const module = await bench.load(program(CAT), { wasi: {} })
      const broken = new Error('broken')
      const stdin = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(broken) })
      const error = await failure(module.run({ stdin }), 'host-function')
      assert.equal(error.cause, broken)
    })
  }

  behaviour('output goes where it is sent, and a guest that can wait does until it was taken', async (bench) => {
    const taken: string[] = []
    const order: string[] = []
    const module = await bench.load(program(HELLO + HELLO), { wasi: {} })
    const { stdout } = await module.run({
      stdout: async (bytes) => {
        order.push('given')
        await nextTurn()
        taken.push(new TextDecoder().decode(bytes))
        order.push('taken')
      },
    })
    assert.deepEqual([stdout, taken], ['', ['hello', 'hello']])
    if (mode.jspi) assert.deepEqual(order, ['given', 'taken', 'given', 'taken'])
    const chunks: Uint8Array[] = []
    const writable = new WritableStream<Uint8Array>({ write: (chunk) => void chunks.push(chunk) })
    await module.run({ stdout: writable, stderr: writable })
    await module.run({ stdout: writable })
    assert.equal(Buffer.concat(chunks).toString(), 'hellohellohellohello')
  })

  behaviour('what takes the output may fail, and the run with it', async (bench) => {
    const module = await bench.load(program(HELLO + HELLO), { wasi: {} })
    for (const stdout of [
      () => {
        throw new Error('full')
      },
      async () => {
        throw new Error('full')
      },
    ]) {
      const run = module.run({ stdout })
      await assert.rejects(run, (error: Error) => error.message === 'full' || (error instanceof HostFunctionError && (error.cause as Error).message === 'full'))
    }
  })

  behaviour('a program that writes more than it may is ended, and what it may is kept', async (bench) => {
    const writes = program(`(loop $again ${HELLO} (br $again))`)
    const module = await bench.load(writes, { wasi: { outputLimit: 12 } })
    const error = await failure(module.run(), 'output-limit')
    assert.ok(error instanceof StopError)
    assert.deepEqual(error.output, { stdout: 'hellohellohe', stderr: '' })
    assert.deepEqual([error.figures.limit, error.module, error.function, error.ran], [12, 'text', '_start', true])
    assert.equal(((await failure(module.run({ outputLimit: 3 }))).output as { stdout: string }).stdout, 'hel')
    // By default so much is collected, and what is not collected is not limited
    const usual = await bench.load(program('(loop $again (call $write (i32.const 1) (i32.const 1000) (i32.const 5000)) (br $again))'), { wasi: {} })
    assert.equal(((await failure(usual.run(), 'output-limit')).output as { stdout: string }).stdout.length, 1024 * 1024)
    let bytes = 0
    const count = (chunk: Uint8Array) => {
      bytes += chunk.length
    }
    const passed = await failure(usual.run({ timeout: 100, stdout: count }), 'deadline')
    assert.deepEqual(passed.output, { stdout: '', stderr: '' })
    assert.ok(bytes > 0)
  })

  behaviour('a program that traps, as after a panic, has left what it wrote in the error', async (bench) => {
    const module = await bench.load(program('(call $write (i32.const 2) (i32.const 1000) (i32.const 5)) unreachable'), { wasi: {} })
    const error = await failure(module.run(), 'trap')
    assert.deepEqual(error.output, { stdout: '', stderr: 'hello' })
    assert.deepEqual((await failure(module.run({ encoding: 'buffer' }), 'trap')).output?.stderr, new TextEncoder().encode('hello'))
  })

  behaviour('a program that does not end is ended, wherever it is, and the next run is well', async (bench) => {
    const module = await bench.load(program(`${HELLO} (if (i32.eqz (call $read (i32.const 0))) (then ${FOREVER}))`), { wasi: {} })
    const error = await failure(module.run({ timeout: 30 }), 'deadline')
    assert.deepEqual(error.output, { stdout: 'hello', stderr: '' })
    assert.equal((await module.run({ stdin: 'x' })).exitCode, 0)
    const sleeper = await bench.load(program(A_LONG_TIME), { wasi: {} })
    await failure(sleeper.run({ timeout: 30 }), 'deadline')
  })

  if (mode.jspi) {
    behaviour('a program that waits is ended while it does, and lets go of what it waits for', async (bench) => {
      const sleeper = await bench.load(program(A_LONG_TIME), { wasi: {} })
      const controller = bench.abortController()
      const sleeping = sleeper.run({ signal: controller.signal })
      setTimeout(() => controller.abort(new Error('enough')), 10)
      assert.equal(((await failure(sleeping, 'aborted')).cause as Error).message, 'enough')
      const reader = await bench.load(program(CAT), { wasi: {} })
      let cancelled = 0
      const silent = new ReadableStream<Uint8Array>({ cancel: () => void cancelled++ })
      await failure(reader.run({ stdin: silent, timeout: 20 }), 'deadline')
      assert.equal(cancelled, 1)
    })
  }

  if (mode.jspi) {
    behaviour('programs sleep at the same time, and hold nobody up', async (bench) => {
      const sleeper = await bench.load(program(`${HELLO} (call $sleep (i64.const 50000000)) ${HELLO}`), { wasi: {}, instances: 20 })
      let [asleep, most, turns] = [0, 0, 0]
      const counting = setInterval(() => turns++, 1)
      await Promise.all(
        Array.from({ length: 20 }, () => {
          let isAsleep = false
          const stdout = () => {
            isAsleep = !isAsleep
            asleep += isAsleep ? 1 : -1
            most = Math.max(most, asleep)
          }
          return sleeper.run({ stdout })
        }),
      )
      clearInterval(counting)
      assert.equal(most, 20)
      assert.ok(turns > 1, 'the event loop turned meanwhile')
    })
  }

  behaviour('arguments and environment are those of the run, then those of the module; the first is its name', async (bench) => {
    const module = await bench.load(
      program('(drop (call $args_sizes_get (i32.const 4096) (i32.const 4100))) (call $write (i32.const 1) (i32.const 4096) (i32.const 8))'),
      {
        name: 'four',
        wasi: {},
      },
    )
    const sizes = async (args?: string[]) => [
      ...new Uint32Array((await module.run({ encoding: 'buffer', ...(args === undefined ? {} : { args }) })).stdout.slice().buffer),
    ]
    assert.deepEqual(await sizes(), [1, 5])
    assert.deepEqual(await sizes(['a', 'bc']), [2, 5])
    assert.deepEqual(await sizes([]), [0, 0])
  })

  behaviour('files in memory are there anew for each instance', async (bench) => {
    const moves = program(`
      (local.set $n (call $open (i32.const 1200) (i32.const 6) (i32.const 0)))
      (if (i32.lt_s (local.get $n) (i32.const 0)) (then (call $proc_exit (i32.const 1))))
      (call $write (i32.const 1) (i32.const 4096) (call $read (local.get $n)))
      (call $write (local.get $n) (i32.const 1000) (i32.const 5))`)
    const files: { 'in.txt': Uint8Array } = { 'in.txt': new TextEncoder().encode('given') }
    const module = await bench.load(moves, { wasi: { directories: { '/': { files } } } })
    files['in.txt'].fill(0)
    assert.equal((await module.run()).stdout, 'given')
    assert.equal((await module.run()).stdout, 'given')
    const without = await bench.load(moves, { wasi: {} })
    assert.equal((await without.run()).exitCode, 1)
  })

  behaviour('a directory in memory that the user holds is shared, and read back', async (bench) => {
    const directory = await MemoryDirectory.create({ 'in.txt': 'text', sub: { deep: 'x' } })
    const appends = program(
      '(local.set $n (call $open (i32.const 1100) (i32.const 7) (i32.const 1))) (call $write (local.get $n) (i32.const 1000) (i32.const 5))',
    )
    const module = await bench.load(appends, { wasi: { directories: { '/': directory } } })
    await module.run()
    assert.equal(new TextDecoder().decode(directory.read('out.txt')), 'hello')
    assert.equal(new TextDecoder().decode(directory.read('sub/deep')), 'x')
    for (const path of ['sub', 'nothing', 'sub/', '', 'out.txt/x', 'constructor']) assert.equal(directory.read(path), undefined)
    assert.deepEqual(Object.keys(directory.files).sort(), ['in.txt', 'out.txt', 'sub'])
    assert.deepEqual(Object.keys(directory.files.sub as FileTree), ['deep'])
  })

  behaviour('a directory of the machine is written to, and its files are closed when the instance is gone', async (bench) => {
    const cleaning: (() => void)[] = []
    const root = temporaryTree({ after: (clean) => cleaning.push(clean) }, { 'in.txt': 'x' })
    const open = () => readdirSync('/proc/self/fd').length
    const writes = program(
      '(local.set $n (call $open (i32.const 1100) (i32.const 7) (i32.const 1))) (call $write (local.get $n) (i32.const 1000) (i32.const 5))',
    )
    const module = await bench.load(writes, { wasi: { directories: { '/': { path: root } } } })
    const traps = await bench.load(program('(drop (call $open (i32.const 1100) (i32.const 7) (i32.const 1))) unreachable'), {
      wasi: { directories: { '/': { path: root } } },
      reuse: 'always',
    })
    const before = process.platform === 'linux' ? open() : 0
    await module.run()
    assert.equal(readFileSync(join(root, 'out.txt'), 'utf8'), 'hello')
    await failure(traps.run(), 'trap')
    await nextTurn()
    if (process.platform === 'linux') assert.equal(open(), before)
    for (const clean of cleaning) clean()
  })

  behaviour('a reactor is made ready before `setup`, in each of its instances, within `startTimeout`', async (bench) => {
    const order: string[] = []
    const reactor = (body: string) =>
      `(module ${IMPORTS} (global $ready (mut i32) (i32.const 0)) (func (export "_initialize") (local $n i32) (global.set $ready (i32.add (global.get $ready) (i32.const 1))) ${body}) (func (export "ready") (result i32) (global.get $ready)) (func (export "trap") unreachable))`
    const module = await bench.load(reactor(HELLO), {
      wasi: { stdout: (bytes) => void order.push(new TextDecoder().decode(bytes)) },
      setup: async (instance) => void order.push(`ready ${await instance.call('ready')}`),
    })
    assert.deepEqual(order, ['hello', 'ready 1'])
    await failure(module.call('trap'), 'trap')
    assert.deepEqual(await module.call('ready'), [1])
    assert.deepEqual(order, ['hello', 'ready 1', 'hello', 'ready 1'])
    assert.ok((await failure(module.run(), 'no-such-function')).message.includes('no program'))
    await failure(bench.load(reactor(FOREVER), { wasi: {}, startTimeout: 30, host: { execTimeout: 10_000 } }), 'start-timeout')
    // The limit of calls is none of its business
    await bench.load(reactor(`(loop $more (br_if $more (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 10000000))))`), {
      wasi: {},
      host: { execTimeout: 1 },
    })
    // Without `wasi` it is a function like any other
    const plain = await bench.load('(module (func (export "_initialize") unreachable))')
    await failure(plain.call('_initialize'), 'trap')
  })

  behaviour('a start function and `setup` may use it as well', async (bench) => {
    let out = ''
    const stdout = (bytes: Uint8Array) => {
      out += new TextDecoder().decode(bytes)
    }
    const text = `(module ${IMPORTS} (func $say (export "say") ${HELLO}) (start $say))`
    await bench.load(text, { wasi: { stdout }, setup: (instance) => instance.call('say') })
    assert.equal(out, 'hellohello')
  })

  behaviour('a caller tells when its instance is gone, and not before', async (bench) => {
    const gone: AbortSignal[] = []
    const imports = (caller: Caller): Imports => {
      gone.push(caller.gone)
      return { env: { mine: () => undefined } }
    }
    const text = '(module (import "env" "mine" (func)) (func (export "trap") unreachable) (func (export "fine")))'
    const states = async () => {
      await nextTurn()
      return gone.map(({ aborted }) => aborted)
    }
    const module = await bench.load(text, { imports })
    await module.call('fine')
    assert.deepEqual(await states(), [false])
    await failure(module.call('trap'), 'trap')
    assert.deepEqual(await states(), [true, false])
    await module.close()
    assert.deepEqual(await states(), [true, true])
    const never = await bench.load(text, { imports, reuse: 'never' })
    await never.call('fine')
    assert.deepEqual((await states()).slice(2), [true, false])
  })

  behaviour('a reactor that exits in a call ends that with its exit as the cause, and goes on with another instance', async (bench) => {
    const module = await bench.load(`(module ${IMPORTS} (func (export "exit") (param i32) (call $proc_exit (local.get 0))) (func (export "say") ${HELLO}))`, {
      wasi: {},
    })
    const error = await failure(module.call('exit', [3]), 'ended')
    assert.ok(error.cause instanceof WasiExit)
    assert.equal(error.cause.exitCode, 3)
    // What nobody collects or takes is dropped
    assert.deepEqual(await module.call('say'), [])
  })

  behaviour('a deterministic program sees the same clock and random bytes each time, and sleeps in no time', async (bench) => {
    const looks = program(`
      ${A_LONG_TIME}
      (drop (call $clock_time_get (i32.const 0) (i64.const 1) (i32.const 4096)))
      (drop (call $random_get (i32.const 4104) (i32.const 16)))
      (call $write (i32.const 1) (i32.const 4096) (i32.const 24))`)
    const once = async (options: object) => {
      const module = await bench.load(looks, { wasi: {}, ...options })
      return Buffer.from((await module.run({ encoding: 'buffer' })).stdout).toString('hex')
    }
    const first = await once({ deterministic: true })
    assert.equal(first, `${Buffer.from(BigUint64Array.of(3_600_000_000_000n).buffer).toString('hex')}c3df2b20e1e6d909a808c5caf7a22fa4`)
    assert.equal(await once({ deterministic: true }), first)
    const set = await once({ wasi: { clock: 1, random: 1 } })
    assert.ok(set !== first && set === (await once({ wasi: { clock: 1, random: 1 } })))
  })

  behaviour('what the user imports is there beside WASI, in its place where the names are the same, and sees the context of the run', async (bench) => {
    const seen: unknown[] = []
    const uses = program('(call $mine) (call $proc_exit (i32.const 5))', '').replace('(memory', '(import "env" "mine" (func $mine)) (memory')
    const imports = (caller: Caller): Imports => ({
      env: { mine: () => void seen.push(caller.context) },
      wasi_snapshot_preview1: { proc_exit: (code: number) => caller.end(new WasiExit(code + 1)) },
    })
    const module = await bench.load(uses, { wasi: {}, imports })
    assert.equal((await module.run({ context: 'mine' })).exitCode, 6)
    await module.run()
    const { env, wasi_snapshot_preview1 } = { env: { mine: () => undefined }, wasi_snapshot_preview1: { proc_exit: () => seen.push('object') } }
    const other = await bench.load(uses, { wasi: {}, imports: { env, wasi_snapshot_preview1 } })
    assert.equal((await other.run()).exitCode, 0)
    assert.deepEqual(seen, ['mine', undefined, 'object'])
  })

  behaviour('what a module declares wrongly of WASI is refused when it is loaded, with both types', async (bench) => {
    const wrong = '(module (import "wasi_snapshot_preview1" "fd_write" (func (param i64 i32 i32 i32) (result i32))))'
    const error = await failure(bench.load(wrong, { wasi: {} }), 'invalid-import')
    assert.ok(error instanceof LoadError)
    assert.match(error.message, /"fd_write" is of type \(i32, i32, i32, i32\) -> i32 in WASI preview 1, but the module declares \(i64, i32, i32, i32\) -> i32/)
    await bench.load(wrong, { wasi: {}, imports: { wasi_snapshot_preview1: { fd_write: () => 0 } } })
    await failure(bench.load('(module (import "wasi_snapshot_preview1" "fd_wrote" (func)))', { wasi: {} }), 'missing-import')
    await failure(bench.load('(module (import "wasi_snapshot_preview1" "sched_yield" (func (result i32))))'), 'missing-import')
  })

  if (mode.threads === undefined) {
    const never = () => new Promise<never>(() => undefined)

    behaviour('a guest that cannot wait has no more than 64 MiB kept for who does not take it, unless `outputLimit` says otherwise', async (bench) => {
      const floods = `(module ${IMPORTS} (func (export "flood") (loop $again (call $write (i32.const 1) (i32.const 0) (i32.const 131072)) (br $again))))`
      for (const [outputLimit, expected] of [
        [undefined, 64 * 1024 * 1024],
        [65 * 1024 * 1024, 65 * 1024 * 1024],
      ] as const) {
        let taken = 0
        const stdout = (bytes: Uint8Array) => {
          taken += bytes.length
          return never()
        }
        const module = await bench.load(floods, { wasi: { stdout, ...(outputLimit === undefined ? {} : { outputLimit }) } })
        assert.throws(
          () => module.callSync('flood', [], { timeout: 60_000 }),
          (error: CurfewError) => {
            const { cause } = error
            return error.code === 'ended' && cause instanceof StopError && cause.code === 'output-limit' && cause.figures.limit === expected
          },
        )
        assert.equal(taken, expected)
      }
    })

    if (!mode.jspi) {
      behaviour('a run whose output nobody takes ends at its deadline, or when it is aborted, with its exit behind it', async (bench) => {
        const module = await bench.load(program(`${HELLO} (call $proc_exit (i32.const 0))`), { wasi: {} })
        await failure(module.run({ stdout: never, timeout: 20 }), 'deadline')
        const controller = bench.abortController()
        const running = module.run({ stdout: never, signal: controller.signal })
        await nextTurn()
        controller.abort(new Error('enough'))
        const error = await failure(running, 'aborted')
        assert.equal((error.cause as Error).message, 'enough')
        const late = (bytes: Uint8Array) => sleep(5).then(() => bytes)
        assert.equal((await module.run({ stdout: late, signal: bench.abortController().signal })).exitCode, 0)
      })
    }
  }

  behaviour('what a prototype has is no directory of the machine, and what is changed after the call changes nothing', async (bench) => {
    const opens = program('(call $proc_exit (call $open (i32.const 1200) (i32.const 6) (i32.const 0)))')
    const here = { path: import.meta.dirname }
    const given = Object.assign(Object.create(here), { files: { 'in.txt': '' } })
    const module = await bench.load(opens, { wasi: { directories: { '/': given } } })
    assert.equal((await module.run()).exitCode, 4)
    const changed: Record<string, object> = { files: { 'in.txt': '' } }
    const loading = bench.load(opens, { wasi: { directories: { '/': changed } } })
    delete changed.files?.['in.txt' as never]
    assert.equal((await (await loading).run()).exitCode, 4)
  })

  behaviour('wrong options are refused, by name, with what they take and what they got', async (bench) => {
    const message = async (wasi: object): Promise<string> => (await failure(bench.load(program(''), { wasi } as never), 'invalid-option')).what
    const locked = new ReadableStream()
    locked.getReader()
    const cases: [object, RegExp][] = [
      [{ dirs: {} }, /^wasi has no option `dirs`; it has args, env, stdin, /],
      [{ args: 'a' }, /^option `args` takes an array of strings, but got "a"$/],
      [{ args: ['a\0'] }, /^option `args` takes strings without a zero byte, but got "a\\u0000"$/],
      [{ env: { 'A=B': 'x' } }, /^option `env` takes names without `=` and zero bytes, but got "A=B"$/],
      [{ env: { A: 1 } }, /^option `env.A` takes a string without a zero byte, but got 1$/],
      [{ stdin: 5 }, /^option `stdin` takes a string, a Uint8Array, a ReadableStream or an async iterable, but got 5$/],
      [{ stdin: { [Symbol.asyncIterator]: 5 } }, /^option `stdin` takes a string/],
      [{ stdin: locked }, /^option `stdin` takes a stream that nobody else reads, but got /],
      [{ stdout: 'file' }, /^option `stdout` takes a function or a WritableStream, but got "file"$/],
      [{ outputLimit: -1 }, /^option `outputLimit` takes a whole number, 0 or more, but got -1$/],
      [{ directories: ['a'] }, /^option `directories` takes an object, but got an array$/],
      [{ directories: { '': {} } }, /^option `directories` takes paths of 1 to 4096 bytes, as the guest sees them, but got ""$/],
      [{ directories: { '/': 'tmp' } }, /^option `directories\["\/"\]` takes an object, but got "tmp"$/],
      [{ directories: { '/': { path: '' } } }, /^option `directories\["\/"\].path` takes the path of a directory, but got ""$/],
      [{ directories: { '/': { path: 'x', files: {} } } }, /has no option `files`; it has path, readOnly$/],
      [{ directories: { '/': { path: '/not/there' } } }, /^the directory "\/not\/there", given as "\/", cannot be opened: ENOENT/],
      [{ directories: { '/': { path: import.meta.filename } } }, /cannot be opened: ENOTDIR/],
      [{ directories: { '/': { files: { 'a/b': '' } } } }, /takes names of files of at most 255 bytes, without slashes, but got "a\/b"$/],
      [{ directories: { '/': { files: { a: 5 } } } }, /files.a` takes an object of strings, Uint8Arrays and such objects, but got 5$/],
      [{ directories: { '/': { files: {}, readOnly: 1 } } }, /readOnly` takes true or false, but got 1$/],
      [{ directories: { '/': { files: { a: 'xx' } } }, fileSizeLimit: 1 }, /above `fileSizeLimit` or `fileCountLimit`$/],
      [{ openFileLimit: 2 }, /^option `openFileLimit` takes a whole number, 3 or more, but got 2$/],
      [{ clock: -1 }, /^option `clock` takes 'system' or a whole number \(ms since the epoch\), but got -1$/],
      [{ random: 'seed' }, /^option `random` takes 'system' or a whole number \(a seed, 0 or more\), but got "seed"$/],
    ]
    for (const [options, expected] of cases) assert.match(await message(options), expected)
    const module = await bench.load(program(''), { wasi: {} })
    const refused = async (options: object): Promise<CurfewError> => failure(module.run(options), 'invalid-option')
    assert.match((await refused({ encoding: 'latin1' })).what, /^option `encoding` takes 'utf8' or 'buffer', but got "latin1"$/)
    assert.match((await refused({ directories: {} })).what, /^run has no option `directories`/)
    assert.match((await refused({ timeout: -1 })).what, /`timeout`/)
    assert.match((await refused({ stdin: locked })).what, /^option `stdin` takes a stream that nobody else reads/)
    const without = await bench.load('(module (func (export "_start")))')
    assert.match((await failure(without.run(), 'invalid-option')).what, /^option `wasi` takes an object/)
  })
}
