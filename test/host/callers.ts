/** The guest that calls a host function, as that sees it: its memory, its call, its exports. */
import assert from 'node:assert/strict'
import { type Caller, type CurfewError, currentCall, type ErrorCode, type Host, type ImportsOf, type LoadOptions, type Module } from '../../src/index.ts'
import { type Bench, behaviour, busy, failure, type Mode, nextTurn, sleep, within } from '../support/host.ts'
import { wat } from '../support/wat.ts'

/** Asks the host about a piece of its memory. Its allocator never frees; `count` counts what has been asked of this instance. */
const GUEST = `(module
  (import "h" "ask" (func $ask (param i32 i32) (result i32)))
  (memory (export "memory") 1 100)
  (global $next (mut i32) (i32.const 1024))
  (global $count (mut i32) (i32.const 0))
  (func (export "alloc") (param i32) (result i32) (global.get $next) (global.set $next (i32.add (global.get $next) (local.get 0))))
  (func (export "grow") (result i32) (memory.grow (i32.const 1)))
  (func (export "byte") (param i32) (result i32) (i32.load8_u (local.get 0)))
  (func $count (export "count") (result i32) (global.set $count (i32.add (global.get $count) (i32.const 1))) (global.get $count))
  (func (export "spin") (loop $again (br $again)))
  (func (export "trap") unreachable)
  (func (export "ask") (param i32 i32) (result i32) (call $ask (local.get 0) (local.get 1)))
  (func (export "ask_all") (result i32)
    (loop $again (block $caught (try_table (catch_all $caught) (drop (call $ask (i32.const 0) (i32.const 0))))) (br $again))
    (i32.const -1))
  (func (export "ask_and_trap") (drop (call $ask (i32.const 0) (i32.const 0))) unreachable)
  (func (export "ask_and_spin") (drop (call $ask (i32.const 0) (i32.const 0))) (loop $again (br $again)))
  (data (i32.const 16) "gr\\c3\\bc\\c3\\9fe \\f0\\9f\\8c\\99 \\ff"))`

type Ask = (caller: Caller, pointer: number, length: number) => unknown

async function guest(bench: Bench, ask: Ask, options: LoadOptions & { host?: object; name?: string } = {}): Promise<Module> {
  return bench.load(GUEST, { imports: (caller) => ({ h: { ask: (pointer: number, length: number) => ask(caller, pointer, length) } }), ...options })
}

/** What it throws, in a host function. */
function thrownBy(attempt: () => unknown): CurfewError {
  try {
    attempt()
  } catch (error) {
    return error as CurfewError
  }
  return assert.fail('nothing was thrown')
}

export function callers(mode: Mode): void {
  memory()
  ofInstances()
  ofCalls()
  // Where no guest can be suspended, a thread can wait
  if (!mode.jspi && mode.threads === undefined) return
  waiting()
  reentrancy()
}

function memory(): void {
  behaviour('a host function reads what its caller points to, and writes into its memory', async (bench) => {
    const seen: unknown[] = []
    const module = await guest(bench, ({ memory }, pointer, length) => {
      seen.push(memory.readText(pointer, length), memory.read(pointer, 2), memory.size)
      return memory.writeText(64, 'ß') + memory.getUint8(65)
    })
    assert.deepEqual(await module.call('ask', [16, 12]), [2 + 0x9f])
    assert.deepEqual(seen, ['grüße 🌙', new Uint8Array([0x67, 0x72]), 65_536])
    assert.deepEqual(await module.call('byte', [64]), [0xc3])
  })

  behaviour('what is read is a copy, which the guest cannot change any more', async (bench) => {
    let read: Uint8Array | undefined
    const module = await guest(bench, ({ memory }) => {
      read ??= memory.read(16, 1)
      memory.write(16, new Uint8Array([1]))
      return 0
    })
    await module.call('ask', [0, 0])
    assert.deepEqual(read, new Uint8Array([0x67]))
    assert.deepEqual(await module.call('byte', [16]), [1])
  })

  behaviour('numbers of every kind are read and written little-endian, at any address, and after the memory has grown', async (bench) => {
    const module = await guest(bench, (caller) => {
      const { memory } = caller
      for (const base of [1, 65_536 + 3]) {
        if (base > 1) caller.callSync('grow')
        memory.setInt8(base, -2)
        memory.setUint8(base + 1, 254)
        memory.setInt16(base + 2, -2)
        memory.setUint16(base + 4, 0xfffe)
        memory.setInt32(base + 6, -2)
        memory.setUint32(base + 10, 0xfffffffe)
        memory.setBigInt64(base + 14, -2n)
        memory.setBigUint64(base + 22, 2n ** 64n - 2n)
        memory.setFloat32(base + 30, 0.5)
        memory.setFloat64(base + 34, -0.1)
        assert.deepEqual(
          [
            memory.getInt8(base),
            memory.getUint8(base + 1),
            memory.getInt16(base + 2),
            memory.getUint16(base + 4),
            memory.getInt32(base + 6),
            memory.getUint32(base + 10),
            memory.getBigInt64(base + 14),
            memory.getBigUint64(base + 22),
            memory.getFloat32(base + 30),
            memory.getFloat64(base + 34),
          ],
          [-2, 254, -2, 0xfffe, -2, 0xfffffffe, -2n, 2n ** 64n - 2n, 0.5, -0.1],
        )
        assert.deepEqual([...memory.read(base + 6, 4)], [254, 255, 255, 255])
      }
      return memory.size / 65_536
    })
    assert.deepEqual(await module.call('ask', [0, 0]), [2])
  })

  behaviour('a live view is of all of the memory as it is', async (bench) => {
    const module = await guest(bench, (caller) => {
      const before = caller.memory.bytes
      before[5] = 7
      caller.callSync('grow')
      return before.length + caller.memory.bytes.length + (caller.memory.bytes[5] as number)
    })
    assert.deepEqual(await module.call('ask', [0, 0]), [0 + 2 * 65_536 + 7])
  })

  behaviour('whatever pointer and length a guest gives, what is outside of its memory is refused, with the figures', async (bench) => {
    const errors: CurfewError[] = []
    const module = await guest(bench, ({ memory }, pointer, length) => {
      const from = pointer >>> 0
      const size = length >>> 0
      for (const attempt of [
        () => memory.read(from, size),
        () => memory.readText(from, size),
        () => memory.write(from, new Uint8Array(8)),
        () => memory.getInt32(from),
        () => memory.setFloat64(from, 1),
      ])
        errors.push(thrownBy(attempt))
      return 0
    })
    for (const [pointer, length] of [
      [65_536, 1],
      [65_535, 2],
      [-1, -1],
      [0x7fff_ffff, 0x7fff_ffff],
    ] as const) {
      errors.length = 0
      await module.call('ask', [pointer, length])
      assert.deepEqual(new Set(errors.map(({ code, module }) => `${code} ${module}`)), new Set(['out-of-bounds text']))
      assert.equal(errors[0]?.figures.size, 65_536)
      assert.equal(errors[0]?.figures.length, length >>> 0)
    }
    assert.match(errors[0]?.message ?? '', /are outside the guest's memory of 65536 bytes/)
    assert.equal(module.stats.restarts, 0)
  })

  behaviour('what is no address is refused, and told what a pointer is', async (bench) => {
    const messages: string[] = []
    const module = await guest(bench, ({ memory }) => {
      for (const bad of [-5, 1.5, Number.NaN, 2 ** 53, '5', undefined, null, {}, -1n, 2n ** 64n]) {
        const { code, message } = thrownBy(() => memory.getUint8(bad as never))
        assert.equal(code, 'out-of-bounds', `${String(bad)}: ${message}`)
        assert.equal(thrownBy(() => memory.read(bad as never, 1)).code, 'out-of-bounds')
        if (typeof bad !== 'bigint' && bad !== null) assert.equal(thrownBy(() => memory.read(0, bad as never)).code, 'out-of-bounds', String(bad))
        messages.push(message)
      }
      assert.equal(thrownBy(() => memory.write(0, 'text' as never)).code, 'invalid-option')
      return memory.getUint8(16n)
    })
    assert.deepEqual(await module.call('ask', [0, 0]), [0x67])
    assert.match(messages[0] ?? '', /pass `pointer >>> 0`/)
  })

  behaviour('bytes that are not UTF-8 are no text, which says where they are', async (bench) => {
    let error: CurfewError | undefined
    const module = await guest(bench, ({ memory }, pointer, length) => {
      error = thrownBy(() => memory.readText(pointer, length))
      throw error
    })
    const outer = await failure(module.call('ask', [28, 3]), 'host-function')
    assert.equal(error?.code, 'not-text')
    assert.match(error.message, /3 bytes at address 28 are not UTF-8 \(module "text"\)/)
    assert.equal(outer.cause, error)
    assert.deepEqual(await module.call('count'), [1])
  })

  behaviour('a byte order mark and zeros are kept in texts', async (bench) => {
    const module = await guest(bench, ({ memory }) => {
      const length = memory.writeText(64, '\ufeffa\0b')
      assert.equal(memory.readText(64, length), '\ufeffa\0b')
      return length
    })
    assert.deepEqual(await module.call('ask', [0, 0]), [6])
  })

  behaviour('a module without a memory, or with several: each is asked for by its index', async (bench) => {
    const imports: ImportsOf = (caller) => ({ h: { ask: () => caller.memoryAt(1).getUint8(0) } })
    const two = await bench.load(
      `(module (import "h" "ask" (func $ask (result i32))) (memory 1) (memory 1) (data (memory 1) (i32.const 0) "\\07") (func (export "ask") (result i32) (call $ask)))`,
      { imports },
    )
    assert.deepEqual(await two.call('ask'), [7])
    const none = await bench.load(`(module (import "h" "ask" (func $ask (result i32))) (func (export "ask") (result i32) (call $ask)))`, { imports })
    const { cause } = await failure(none.call('ask'), 'host-function')
    assert.match((cause as Error).message, /the guest has no memory 1/)
  })
}

function ofInstances(): void {
  behaviour('a function as `imports` is called for each instance, and its host functions are of that instance', async (bench) => {
    const made: Caller[] = []
    const module = await bench.load(GUEST, {
      instances: 2,
      imports: (caller) => {
        made.push(caller)
        let asked = 0
        return { h: { ask: () => ++asked } }
      },
    })
    await module.call('ask', [0, 0])
    await module.use(async (one) => {
      await module.use(async (other) => {
        const first = [await one.call('ask', [0, 0]), await other.call('ask', [0, 0])]
        assert.deepEqual([...first, await one.call('ask', [0, 0])].flat().sort(), [1, 2, 3].map((n) => (n === 3 ? 3 : n)).sort())
      })
    })
    assert.equal(new Set(made).size, 2)
    await failure(module.call('trap'), 'trap')
    await module.call('count')
    assert.equal(made.length, 3)
    assert.ok(made.every(({ module }) => module === 'text'))
  })

  behaviour('what the function returned for the load is that of the first instance', async (bench) => {
    let calls = 0
    const module = await bench.load(GUEST, {
      imports: () => ({
        h: {
          ask: (
            (made) => () =>
              made
          )(++calls),
        },
      }),
    })
    assert.equal(calls, 1)
    assert.deepEqual(await module.call('ask', [0, 0]), [1])
  })

  behaviour('a function as `imports` that throws or returns no object of objects is a load error', async (bench) => {
    const cause = new Error('no')
    const throwing = await failure(
      bench.load(GUEST, {
        imports: () => {
          throw cause
        },
      }),
      'invalid-import',
    )
    assert.equal(throwing.cause, cause)
    assert.match(throwing.message, /the function given as `imports` threw no \(module "text"\)/)
    for (const returned of [undefined, 5, Promise.resolve({})]) {
      assert.match(
        (await failure(bench.load(GUEST, { imports: () => returned as never }), 'invalid-import')).message,
        /returns an object of objects, but returned/,
      )
    }
    assert.match((await failure(bench.load(GUEST, { imports: () => ({}) }), 'missing-import')).message, /"h" "ask"/)
    assert.match((await failure(bench.load(GUEST, { imports: () => ({ h: { ask: 5 } }) }), 'invalid-import')).message, /but it is 5/)
  })

  behaviour('one that fails for a later instance is a restart that fails', async (bench) => {
    let calls = 0
    const module = await bench.load(GUEST, {
      imports: () => {
        if (++calls > 1) throw new Error('no more')
        return { h: { ask: () => 0 } }
      },
    })
    await failure(module.call('trap'), 'trap')
    const error = await failure(module.call('count'), 'broken')
    assert.match(String((error.cause as Error).message), /no more/)
  })

  behaviour('a caller whose instance is not there yet, or is gone, says so', async (bench) => {
    const kept: Caller[] = []
    const module = await guest(bench, (caller) => {
      kept.push(caller)
      return 0
    })
    const early: unknown[] = []
    await bench.load(GUEST, {
      imports: (caller) => {
        early.push(thrownBy(() => caller.memory).code, thrownBy(() => caller.callSync('count')).code)
        return { h: { ask: () => 0 } }
      },
    })
    assert.deepEqual(early, ['stale', 'stale'])
    await module.call('ask', [0, 0])
    const [caller] = kept as [Caller]
    for (const use of [
      () => caller.memory,
      () => caller.memory.size,
      () => caller.signal,
      () => caller.timeLeft,
      () => caller.context,
      () => caller.canSuspend,
      () => caller.fuel,
      () => caller.callSync('count'),
      () => caller.end(),
    ])
      assert.equal(thrownBy(use).code, 'stale')
    await failure(module.call('trap'), 'trap')
    assert.equal(thrownBy(() => caller.memory.size).code, 'stale')
    // Asked for late, it is aborted all the same
    while (!caller.gone.aborted) await nextTurn()
    assert.deepEqual(await module.call('count'), [1])
  })
}

function ofCalls(): void {
  behaviour('a call may have a context, which its host functions see', async (bench) => {
    const seen: unknown[] = []
    const module = await guest(bench, (caller) => {
      seen.push(caller.context, currentCall()?.context)
      return 0
    })
    const mine = { user: 5 }
    await module.call('ask', [0, 0], { context: mine })
    await module.call('ask', [0, 0])
    await module.use((instance) => instance.call('ask', [0, 0], { context: 'lease' }))
    assert.deepEqual(seen, [mine, mine, undefined, undefined, 'lease', 'lease'])
    assert.equal(seen[0], mine)
  })

  behaviour('a call back into the guest has the context of the call around it', async (bench) => {
    const seen: unknown[] = []
    let depth = 0
    const module = await guest(
      bench,
      (caller) => {
        seen.push(caller.context)
        return ++depth < 3 ? caller.callSync('ask', [0, 0])[0] : 0
      },
      { nestedTimeout: 1_000 },
    )
    await module.call('ask', [0, 0], { context: 'outer' })
    assert.deepEqual(seen, ['outer', 'outer', 'outer'])
  })

  behaviour('a host function sees what time its call has left', async (bench) => {
    const left: number[] = []
    const module = await guest(bench, (caller) => {
      left.push(caller.timeLeft)
      busy(3)
      left.push(caller.timeLeft)
      return 0
    })
    await module.call('ask', [0, 0], { timeout: 1_000 })
    const [before, after] = left as [number, number]
    assert.ok(before <= 1_000 && after <= before - 3 && after > 0, `${before}, ${after}`)
    const unlimited = await guest(bench, (caller) => (caller.timeLeft === Number.POSITIVE_INFINITY ? 1 : 0), { host: {} })
    assert.deepEqual(await unlimited.call('ask', [0, 0]), [1])
  })

  behaviour('the signal of a call is aborted when it ends, for whatever reason, and not before', async (bench) => {
    const signals: AbortSignal[] = []
    const module = await guest(bench, ({ signal }) => {
      assert.equal(signal.aborted, false)
      signals.push(signal)
      return 0
    })
    await module.call('ask', [0, 0])
    await failure(module.call('ask_and_trap'), 'trap')
    await failure(module.call('ask_and_spin', [], { timeout: 20 }), 'deadline')
    await module.use((instance) => instance.call('ask', [0, 0]))
    await nextTurn()
    assert.deepEqual(
      signals.map(({ aborted }) => aborted),
      [true, true, true, true],
    )
    const reasons = signals.map(({ reason }) => reason as Error & { code: unknown })
    assert.equal(reasons[0]?.name, 'AbortError')
    assert.equal(reasons[2]?.code, 'deadline')
  })

  behaviour('so is that of a start function, when that is done', async (bench) => {
    for (const end of ['', 'unreachable']) {
      let signal: AbortSignal | undefined
      const text = `(module (import "h" "ask" (func $ask)) (func $start (call $ask) ${end}) (start $start))`
      const imports = (caller: Caller) => ({
        h: {
          ask() {
            signal = caller.signal
            assert.equal(signal.aborted, false)
          },
        },
      })
      await Promise.allSettled([bench.load(text, { imports })])
      await nextTurn()
      assert.equal(signal?.aborted, true)
    }
  })

  behaviour('a host function ends its call, which the guest cannot catch: the instance goes, and the next call works', async (bench) => {
    let calls = 0
    const why = { exit: 3 }
    const module = await guest(bench, (caller) => {
      calls++
      return caller.end(why)
    })
    const error = await failure(module.call('ask_all'), 'ended')
    assert.equal(error.cause, why)
    assert.equal(error.name, 'StopError')
    assert.equal(error.phase, 'host')
    assert.equal(calls, 1)
    assert.deepEqual(await module.call('count'), [1])
    assert.equal(module.stats.restarts, 1)
    assert.equal(
      (
        await failure(
          module.use((instance) => instance.call('ask_all')),
          'ended',
        )
      ).cause,
      why,
    )
  })

  behaviour('a host function that catches the end of its call has ended it nevertheless', async (bench) => {
    const module = await guest(bench, (caller) => {
      try {
        caller.end()
      } catch {
        return 5
      }
    })
    assert.equal((await failure(module.call('ask_all'), 'ended')).cause, undefined)
  })

  behaviour('an end in a nested call ends that, and with it the calls around it that are of the same instance', async (bench) => {
    let depth = 0
    const module = await guest(bench, (caller) => {
      if (++depth === 2) return caller.end('inner')
      assert.equal(thrownBy(() => caller.callSync('ask', [0, 0])).code, 'ended')
      return 0
    })
    await failure(module.call('ask_all'), 'ended')
    assert.equal(depth, 2)
    assert.deepEqual(await module.call('count'), [1])
  })

  behaviour('a host function calls exports of the instance that called it', async (bench) => {
    const module = await guest(bench, (caller) => {
      const [at] = caller.callSync('alloc', [5]) as [number]
      caller.memory.writeText(at, 'hello')
      return at
    })
    assert.deepEqual([await module.call('ask', [0, 0]), await module.call('ask', [0, 0])], [[1024], [1029]])
    assert.deepEqual(await module.call('byte', [1029]), [0x68])
    assert.equal(module.stats.calls, 3 + 2)
  })

  behaviour('what such a call does wrong is refused, and what the guest does wrong in it ends the call around it', async (bench) => {
    const codes: string[] = []
    const module = await guest(bench, (caller) => {
      codes.push(thrownBy(() => caller.callSync('nothing')).code)
      codes.push(thrownBy(() => caller.callSync('alloc', ['5'])).code)
      codes.push(thrownBy(() => caller.callSync(5 as never)).code)
      codes.push(thrownBy(() => caller.callSync('trap')).code)
      codes.push(thrownBy(() => caller.callSync('count')).code)
      return 0
    })
    await failure(module.call('ask_all'), 'trap')
    assert.deepEqual(codes, ['no-such-function', 'bad-argument', 'invalid-option', 'trap', 'stale'])
    assert.deepEqual(await module.call('count'), [1])
  })

  behaviour('such a call that loops ends at `nestedTimeout`', async (bench) => {
    let inner: CurfewError | undefined
    const module = await guest(bench, (caller) => {
      inner = thrownBy(() => caller.callSync('spin'))
      return 0
    })
    await failure(module.call('ask', [0, 0]), 'nested-timeout')
    assert.equal(inner?.code, 'nested-timeout')
    assert.deepEqual(await module.call('count'), [1])
  })
}

function waiting(): void {
  behaviour('any function that returns a promise has its guest wait, whether it is declared `async` or not', async (bench) => {
    const answers = [7, Promise.resolve(8), 10, sleep(1).then(() => 11)]
    const module = await guest(bench, () => answers.shift())
    for (const expected of [7, 8, 10, 11]) assert.deepEqual(await module.call('ask', [0, 0]), [expected])
  })

  behaviour('a thenable is asked once for what it promises', async (bench) => {
    let asked = 0
    const module = await guest(bench, () => ({
      // biome-ignore lint/suspicious/noThenProperty: what a lazy query of a database is
      then(resolve: (value: number) => void) {
        asked++
        resolve(asked)
      },
    }))
    assert.deepEqual(await module.call('ask', [0, 0]), [1])
    assert.deepEqual(await module.call('ask', [0, 0]), [2])
  })

  behaviour('a promise whose methods are not the engine’s settles once all the same, and harms no other call', async (bench) => {
    const promiseWith = (key: PropertyKey, property: PropertyDescriptor) => Object.defineProperty(Promise.resolve(7), key, property)
    const fail = () => {
      throw new Error('odd')
    }
    const odd = [
      promiseWith('then', { value: (resolve?: (value: number) => void) => resolve?.(8) }),
      promiseWith('then', { value: (resolve?: (value: number) => void) => setTimeout(() => [resolve?.(8), resolve?.(9)], 1) }),
      promiseWith('then', { value: fail }),
      promiseWith('catch', { value: fail }),
      promiseWith('constructor', { get: fail }),
    ]
    for (const isTracked of [true, false]) {
      for (const promise of odd) {
        let answer: unknown = isTracked ? promise : 0
        const module = await guest(bench, () => answer)
        if (!isTracked) await module.call('ask', [0, 0]) // from now on it is taken to return at once
        answer = promise
        const [result] = await within(
          module.call('ask', [0, 0]).catch((error: CurfewError) => [(error.cause as Error).message]),
          'what a promise is awaited by',
        )
        assert.equal(result, promise === odd.at(-1) ? 'odd' : 7)
        await sleep(2)
        await failure(module.call('spin', [], { timeout: 5 }), 'deadline')
      }
    }
  })

  behaviour('a function can tell whether its guest can wait', async (bench) => {
    const seen: boolean[] = []
    const module = await guest(bench, (caller) => {
      seen.push(caller.canSuspend)
      if (seen.length === 1) caller.callSync('ask', [0, 0])
      return caller.canSuspend ? sleep(1).then(() => 1) : 0
    })
    assert.deepEqual(await module.call('ask', [0, 0]), [1])
    assert.deepEqual(seen, [true, false])
  })

  behaviour('the memory and the exports of the caller are there after an `await` as well', async (bench) => {
    const module = await guest(bench, async (caller, pointer, length) => {
      const text = caller.memory.readText(pointer, length)
      await sleep(1)
      const [at] = caller.callSync('alloc', [20]) as [number]
      caller.callSync('grow')
      assert.equal(currentCall(), caller)
      return at + caller.memory.writeText(at, text.toUpperCase())
    })
    assert.deepEqual(await module.call('ask', [16, 7]), [1024 + 7])
    assert.deepEqual(await module.call('byte', [1024]), [0x47])
  })

  behaviour('a call nested in one that waits is within its limits, and its time and stops are those of both', async (bench) => {
    let inner: CurfewError | undefined
    const module = await guest(bench, async (caller) => {
      await nextTurn()
      inner = thrownBy(() => caller.callSync('spin'))
      return 0
    })
    const nested = await failure(module.call('ask_all'), 'nested-timeout')
    assert.ok((nested.figures.cpu as number) >= 9, `its time is in that of the call around it: ${nested.figures.cpu}`)
    await failure(module.call('ask_all', [], { cpuTimeout: 4 }), 'cpu-timeout')
    assert.ok(inner?.code === 'cpu-timeout', inner?.code)
    await failure(module.call('ask_all', [], { timeout: 6 }), 'deadline')
    assert.deepEqual(await module.call('count'), [1])
  })

  behaviour('a trap in a call nested in one that waits ends both', async (bench) => {
    const module = await guest(bench, async (caller) => {
      await nextTurn()
      assert.equal(thrownBy(() => caller.callSync('trap')).code, 'trap')
      assert.equal(thrownBy(() => caller.callSync('count')).code, 'stale')
      return 0
    })
    await failure(module.call('ask_all'), 'trap')
    assert.deepEqual(await module.call('count'), [1])
  })

  behaviour('a host function ends its call after an `await` as well', async (bench) => {
    const module = await guest(bench, async (caller) => {
      await nextTurn()
      return caller.end('late')
    })
    assert.equal((await failure(module.call('ask_all'), 'ended')).cause, 'late')
    assert.deepEqual(await module.call('count'), [1])
  })

  behaviour("with `reuse: 'never'` the next instance is made while a call runs, unless its memory is large: then after it", async (bench) => {
    for (const [pages, meanwhile] of [
      [1, 2],
      [300, 1],
    ]) {
      let made = 0
      const seen: number[] = []
      const module = await bench.load(`(module (import "h" "wait" (func $wait)) (memory ${pages}) (func (export "f") (call $wait)))`, {
        reuse: 'never',
        imports: () => {
          made++
          return { h: { wait: () => sleep(20).then(() => seen.push(made)) } }
        },
      })
      await module.call('f')
      assert.deepEqual(seen, [meanwhile])
      while (made < 2) await nextTurn()
    }
  })

  behaviour('the signal tells an async function that its call has ended meanwhile, and why', async (bench) => {
    const reasons: unknown[] = []
    const module = await guest(bench, ({ signal }) => new Promise(() => signal.addEventListener('abort', () => reasons.push(signal.reason))))
    await failure(module.call('ask', [0, 0], { timeout: 20 }), 'deadline')
    const controller = bench.abortController()
    const aborted = failure(module.call('ask', [0, 0], { signal: controller.signal }), 'aborted')
    await sleep(5)
    controller.abort('enough')
    await aborted
    const closed = failure(module.call('ask', [0, 0]), 'closed')
    await sleep(5)
    await module.close()
    await closed
    await nextTurn()
    assert.deepEqual(
      reasons.map((reason) => (reason as CurfewError).code ?? reason),
      ['deadline', 'enough', 'closed'],
    )
  })

  behaviour('who listens to the signal may do anything: close the module, call it, throw nothing of ours', async (bench) => {
    const later: Promise<unknown>[] = []
    const module: Module = await guest(bench, ({ signal }) => {
      signal.addEventListener('abort', () => later.push(module.call('count')))
      return new Promise(() => undefined)
    })
    await failure(module.call('ask', [0, 0], { timeout: 10 }), 'deadline')
    await nextTurn()
    assert.deepEqual(await Promise.all(later), [[1]])
  })

  behaviour('an async function that goes on after its promise has settled has no part in the calls that follow', async (bench) => {
    const codes: string[] = []
    let calls = 0
    let goOn: () => void = () => undefined
    const told = new Promise<void>((resolve) => {
      goOn = resolve
    })
    const module = await guest(bench, async (caller) => {
      if (++calls === 1) {
        void told.then(() => codes.push(thrownBy(() => caller.memory.size).code, thrownBy(() => caller.end()).code, String(currentCall())))
        return 1
      }
      goOn()
      await sleep(5)
      return 2
    })
    assert.deepEqual(await module.call('ask', [0, 0]), [1])
    assert.deepEqual(await module.call('ask', [0, 0]), [2])
    assert.deepEqual(codes, ['stale', 'stale', 'undefined'])
  })
}

/** A module whose host function calls another, once that is known. */
function link(host: Host, name: string, ask: Ask, options: LoadOptions = {}): Promise<Module> {
  return host.loadModule(name, wat(GUEST), {
    imports: (caller) => ({ h: { ask: (pointer: number, length: number) => ask(caller, pointer, length) } }),
    ...options,
  })
}

function reentrancy(): void {
  behaviour('an async function that calls its own module after an `await` is nested in the call that waits for it', async (bench) => {
    const module: Module = await guest(bench, async () => {
      await nextTurn()
      const [count] = (await module.call('count')) as [number]
      return count + (module.callSync('count')[0] as number)
    })
    assert.deepEqual(await module.call('ask', [0, 0]), [1 + 2])
    assert.deepEqual(await module.use((instance) => instance.call('ask', [0, 0])), [3 + 4])
    assert.deepEqual(await module.call('count'), [5])
  })

  behaviour('so is a call through the lease that the waiting call is made under', async (bench) => {
    let count: (() => Promise<unknown>) | undefined
    const module = await guest(bench, async () => {
      await nextTurn()
      return count?.()
    })
    const result = await module.use((instance) => {
      count = async () => ((await instance.call('count'))[0] as number) + (instance.callSync('count')[0] as number)
      return instance.call('ask', [0, 0])
    })
    assert.deepEqual(result, [1 + 2])
  })

  behaviour('a chain of modules that comes back to the first is nested there', async (bench) => {
    const host = bench.host({ execTimeout: 5_000 })
    const a: Module = await link(host, 'a', async () => (await b.call('ask', [0, 0]))[0])
    const b: Module = await link(host, 'b', async () => {
      await nextTurn()
      return 10 + ((await a.call('count'))[0] as number)
    })
    assert.deepEqual(await a.call('ask', [0, 0]), [11])
    assert.deepEqual(await b.call('count'), [1])
  })

  behaviour('so is one that comes back out of a lease of another module', async (bench) => {
    const host = bench.host({ execTimeout: 5_000 })
    const a: Module = await link(host, 'a', () => b.use(async (instance) => (await instance.call('ask', [0, 0]))[0]))
    const b: Module = await link(host, 'b', async () => {
      await nextTurn()
      return 10 + ((await a.call('count'))[0] as number)
    })
    for (const count of [1, 2]) assert.deepEqual(await a.call('ask', [0, 0]), [10 + count])
  })

  behaviour('an async function that wants an instance which only its own call could give back is refused at once, with the way out', async (bench) => {
    const module: Module = await guest(bench, async () => {
      await nextTurn()
      return module.use((instance) => instance.call('count'))
    })
    const error = await failure(module.call('ask', [0, 0]), 'host-function')
    const { code, message } = error.cause as CurfewError
    assert.equal(code, 'reentrant')
    assert.match(message, /the only instance of the module waits for the host function that makes this call .*more `instances`/)
    assert.deepEqual(await module.call('count'), [1])
    assert.equal(module.stats.outcomes.reentrant, 1)
  })

  behaviour('that is found out of a function that is not declared `async` too, when it returns its promise', async (bench) => {
    const module: Module = await guest(bench, () => module.use((instance) => instance.call('count')))
    await module.call('count')
    for (let n = 0; n < 2; n++) assert.equal(((await failure(module.call('ask', [0, 0]), 'host-function')).cause as CurfewError).code, 'reentrant')
  })

  behaviour('a function that has returned a promise once is known to do so, whatever it returns in between, and for instances that follow', async (bench) => {
    let answer: (() => unknown) | undefined
    const module: Module = await bench.load(GUEST, { imports: () => ({ h: { ask: () => answer?.() } }) })
    const comeBack = () => sleep(1).then(async () => (await module.call('count'))[0])
    const ask = async (how: () => unknown, code?: ErrorCode) => {
      answer = how
      return code === undefined ? module.call('ask', [0, 0]) : failure(module.call('ask', [0, 0], { timeout: 50 }), code)
    }
    await ask(() => 0)
    await ask(comeBack, 'deadline') // nobody could know: the count waits until then
    for (let n = 0; n < 2; n++) {
      await ask(() => 0)
      assert.deepEqual(await ask(comeBack), [2 + n])
    }
    await failure(module.call('trap'), 'trap')
    await ask(() => 0)
    assert.deepEqual(await ask(comeBack), [1])
  })

  behaviour('one that does not wait for what it began is not refused: that runs after its call', async (bench) => {
    const later: Promise<unknown>[] = []
    const module: Module = await guest(bench, () => {
      later.push(module.use((instance) => instance.call('count')))
      return 0
    })
    for (let n = 1; n < 4; n++) {
      await module.call('ask', [0, 0])
      assert.deepEqual(await later.pop(), [n])
    }
  })

  behaviour('what goes on in the name of a call that is over waits like any other: it is part of nothing', async (bench) => {
    const later: Promise<unknown>[] = []
    const module: Module = await guest(bench, async () => {
      await sleep(30)
      later.push(module.use((instance) => instance.call('count')))
      return new Promise(() => undefined)
    })
    await failure(module.call('ask', [0, 0], { timeout: 10 }), 'deadline')
    await module.use(async (instance) => {
      await sleep(40)
      return instance.call('count')
    })
    assert.deepEqual(await Promise.all(later), [[2]])
  })

  behaviour('with a second instance it gets that', async (bench) => {
    const module: Module = await guest(
      bench,
      async () => {
        await nextTurn()
        return (await module.use((instance) => instance.call('count')))[0]
      },
      { instances: 2 },
    )
    assert.deepEqual(await module.call('ask', [0, 0]), [1])
  })

  behaviour('two calls that each hold what the other wants: one is refused at once, the other goes on', async (bench) => {
    const host = bench.host({ execTimeout: 5_000 })
    let arrived = 0
    let release: () => void = () => undefined
    const everybody = new Promise<void>((resolve) => {
      release = resolve
    })
    const meet = async () => {
      if (++arrived === 2) release()
      await everybody
    }
    const a: Module = await link(host, 'a', async () => {
      await meet()
      return (await b.use((instance) => instance.call('count')))[0]
    })
    const b: Module = await link(host, 'b', async () => {
      await meet()
      return (await a.use((instance) => instance.call('count')))[0]
    })
    const settled = await Promise.allSettled([a.call('ask', [0, 0]), b.call('ask', [0, 0])])
    const codes = settled.map((one) => (one.status === 'fulfilled' ? 'ok' : ((one.reason as CurfewError).cause as CurfewError).code))
    assert.deepEqual(codes.sort(), ['ok', 'reentrant'])
  })

  behaviour('a call that a waiting guest needs does not wait for the places that such guests have', async (bench) => {
    const host = bench.host({ execTimeout: 5_000, maxConcurrent: 2 })
    const inner = await link(host, 'inner', () => 0)
    const outer = await link(
      host,
      'outer',
      async () => {
        await nextTurn()
        return (await inner.call('count'))[0]
      },
      { instances: 2 },
    )
    const results = await Promise.all([1, 2].map(() => outer.call('ask', [0, 0])))
    assert.deepEqual(results.flat().sort(), [1, 2])
    const leasing = await link(host, 'leasing', async () => (await inner.use((instance) => instance.call('count')))[0], { instances: 2 })
    const leased = await Promise.all([1, 2].map(() => leasing.call('ask', [0, 0])))
    assert.deepEqual(leased.flat().sort(), [3, 4])
  })
}
