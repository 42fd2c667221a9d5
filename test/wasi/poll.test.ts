import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import { ERRNO } from '../../src/wasi/errno.ts'
import { Input } from '../../src/wasi/input.ts'
import { held } from '../support/garbage.ts'
import { nextTurn } from '../support/host.ts'
import { Abi, type AbiOptions, inMemory, nameOf, READ } from './abi.ts'

const MS = 1_000_000n
const LAST_TIME = 2n ** 64n - 1n
const NONBLOCK = 4
const HOUR = 3_600_000n * MS

type Subscribed = { clock: number; timeout: bigint; absolute?: boolean } | { read: number } | { write: number } | { tag: number }
interface Event {
  readonly userdata: bigint
  readonly errno: string
  readonly type: number
  readonly bytes: bigint
}

/** @returns what happened, in order; or the errno. At once, unless the guest waits */
function poll(abi: Abi, ...subscriptions: Subscribed[]): (Event[] | string) | Promise<Event[] | string> {
  const [from, to, count] = [abi.room(48 * subscriptions.length), abi.room(32 * subscriptions.length), abi.room(4)]
  for (const [at, each] of subscriptions.entries()) {
    const base = from + at * 48
    const { view } = abi
    view.setBigUint64(base, BigInt(100 + at), true)
    if ('clock' in each) {
      view.setUint32(base + 16, each.clock, true)
      view.setBigUint64(base + 24, each.timeout, true)
      view.setUint16(base + 40, each.absolute ? 1 : 0, true)
    } else {
      view.setUint8(base + 8, 'read' in each ? 1 : 'write' in each ? 2 : each.tag)
      if (!('tag' in each)) view.setUint32(base + 16, 'read' in each ? each.read : each.write, true)
    }
  }
  const events = (answer: number): Event[] | string => {
    if (answer !== 0) return nameOf(answer)
    return Array.from({ length: abi.view.getUint32(count, true) }, (_, at) => {
      const base = to + at * 32
      const { view } = abi
      return {
        userdata: view.getBigUint64(base, true),
        errno: nameOf(view.getUint16(base + 8, true)),
        type: view.getUint8(base + 10),
        bytes: view.getBigUint64(base + 16, true),
      }
    })
  }
  const answer = abi.wasi.poll_oneoff(from, to, subscriptions.length, count)
  return typeof answer === 'number' ? events(answer) : answer.then(events)
}

function timers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
}

/** A stream that has something when it is told. */
function later() {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  const writer = writable.getWriter()
  return { stdin: readable, say: (text: string) => void writer.write(new TextEncoder().encode(text)), end: () => void writer.close() }
}

const clockEvent = (userdata: bigint): Event => ({ userdata, errno: 'success', type: 0, bytes: 0n })

test('sleeping has the guest wait, while the event loop goes on', async () => {
  const abi = new Abi({ clock: 'system' })
  const order: string[] = []
  const slept = Promise.resolve(poll(abi, { clock: 1, timeout: 20n * MS })).then((events) => {
    order.push('slept')
    return events
  })
  setImmediate(() => order.push('turn'))
  assert.deepEqual(await slept, [clockEvent(100n)])
  assert.deepEqual(order, ['turn', 'slept'])
})

test('who sleeps for a time sleeps that long, whatever the time of day is meanwhile', async (t) => {
  const abi = new Abi({ clock: 'system' })
  const now = Date.now()
  t.mock.method(Date, 'now', () => now)
  assert.deepEqual(await poll(abi, { clock: 0, timeout: 5n * MS }, { clock: 1, timeout: 500n * MS }), [clockEvent(100n)])
})

test('the earliest of several times is what happens', async () => {
  const abi = new Abi({ clock: 'system' })
  const before = timers()
  assert.deepEqual(await poll(abi, { clock: 1, timeout: HOUR }, { clock: 0, timeout: 5n * MS }, { clock: 0, timeout: 2n ** 64n - 1n }), [clockEvent(101n)])
  assert.equal(timers(), before)
})

test('a time that has passed is there at once, absolute or not', () => {
  const abi = new Abi({ clock: 'system' })
  assert.deepEqual(poll(abi, { clock: 1, timeout: 0n }, { clock: 1, timeout: HOUR }), [clockEvent(100n)])
  assert.deepEqual(poll(abi, { clock: 0, timeout: BigInt(Date.now() - 1000) * MS, absolute: true }), [clockEvent(100n)])
})

test('an absolute time is waited for by its own clock', async () => {
  const abi = new Abi({ clock: 'system' })
  assert.deepEqual(await poll(abi, { clock: 0, timeout: BigInt(Date.now() + 10) * MS, absolute: true }), [clockEvent(100n)])
})

test('a call that ends leaves no timer behind', async () => {
  const abi = new Abi({ clock: 'system' })
  const before = timers()
  void poll(abi, { clock: 1, timeout: HOUR })
  assert.equal(timers(), before + 1)
  abi.ended.abort()
  assert.equal(timers(), before)
  // Nor if it has ended already
  void poll(abi, { clock: 1, timeout: HOUR })
  assert.equal(timers(), before)
})

test('a fixed clock is moved by sleeping, at once, and by nothing else', () => {
  const began = 1_700_000_000_001
  const abi = new Abi({ clock: began })
  const time = (id: number) => {
    assert.equal(abi.errno('clock_time_get', id, 1n, 0), 'success')
    return abi.view.getBigUint64(0, true)
  }
  assert.deepEqual([time(0), time(1)], [BigInt(began) * MS, 0n])
  assert.deepEqual(poll(abi, { clock: 1, timeout: HOUR }, { clock: 0, timeout: 2n * HOUR }), [clockEvent(100n)])
  assert.deepEqual([time(0), time(1)], [BigInt(began) * MS + HOUR, HOUR])
  assert.deepEqual(poll(abi, { clock: 1, timeout: 3n * HOUR, absolute: true }), [clockEvent(100n)])
  assert.equal(time(1), 3n * HOUR)
})

test('a fixed clock goes to the last time there is and no further, and who sleeps then wakes up', async () => {
  for (const clock of [0, 1_000]) {
    const abi = new Abi({ clock })
    for (const timeout of [1n, LAST_TIME, 5n, LAST_TIME]) {
      assert.deepEqual(await poll(abi, { clock: 1, timeout }), [clockEvent(100n)])
      assert.deepEqual(await poll(abi, { clock: 0, timeout, absolute: true }), [clockEvent(100n)])
    }
    const now = abi.room(8)
    for (const id of [0, 1]) {
      assert.equal(abi.errno('clock_time_get', id, 0n, now), 'success')
      assert.equal(abi.view.getBigUint64(now, true), LAST_TIME)
    }
  }
})

test('a guest that cannot be suspended sleeps on its thread, no longer than its call has time', (t) => {
  const waits: number[] = []
  const abi = new Abi({ clock: 'system', canSuspend: false, timeLeft: 5 })
  t.mock.method(Atomics, 'wait', (_: unknown, __: unknown, ___: unknown, ms: number) => {
    waits.push(ms)
    abi.timeLeft -= ms
  })
  assert.deepEqual(poll(abi, { clock: 1, timeout: HOUR }), [])
  assert.deepEqual(waits, [5])
  t.mock.restoreAll()
  assert.deepEqual(poll(new Abi({ clock: 'system', canSuspend: false }), { clock: 1, timeout: 1n * MS }), [clockEvent(100n)])
})

test('input that is there, or has ended, can be read at once', () => {
  const read = (stdin: string) => poll(new Abi({ run: { stdin } }), { read: 0 }, { clock: 1, timeout: HOUR })
  assert.deepEqual(read('abc'), [{ userdata: 100n, errno: 'success', type: 1, bytes: 3n }])
  assert.deepEqual(read(''), [{ userdata: 100n, errno: 'success', type: 1, bytes: 0n }])
})

test('input that is not there yet is waited for, or a time is, whichever comes first', async () => {
  const { stdin, say, end } = later()
  const abi = new Abi({ clock: 'system', run: { stdin } })
  const before = timers()
  const polled = poll(abi, { clock: 1, timeout: HOUR }, { read: 0 })
  say('four')
  assert.deepEqual(await polled, [{ userdata: 101n, errno: 'success', type: 1, bytes: 4n }])
  assert.equal(timers(), before)
  assert.equal(abi.read(0), 'four')
  assert.deepEqual(await poll(abi, { clock: 1, timeout: 5n * MS }, { read: 0 }), [clockEvent(100n)])
  end()
  assert.deepEqual(await poll(abi, { read: 0 }), [{ userdata: 100n, errno: 'success', type: 1, bytes: 0n }])
})

test('a stream as input is an error of the host for a guest that cannot be suspended', () => {
  const abi = new Abi({ canSuspend: false, run: later() })
  assert.throws(() => poll(abi, { read: 0 }), /cannot be suspended .* give stdin as a string or bytes/)
  assert.throws(() => abi.read(0), /cannot be suspended/)
})

test('files are always ready, outputs too, and what is not there is told so', () => {
  const abi = new Abi({ preopens: [inMemory({ file: 'text' })] } satisfies AbiOptions)
  const file = abi.open('file', { rights: READ | (1n << 27n) }) as number
  abi.read(file, 1)
  assert.deepEqual(poll(abi, { read: file }, { write: 1 }, { read: 9 }, { read: 3 }, { read: 1 }, { clock: 7, timeout: 0n }, { tag: 3 }), [
    { userdata: 100n, errno: 'success', type: 1, bytes: 3n },
    { userdata: 101n, errno: 'success', type: 2, bytes: 0n },
    { userdata: 102n, errno: 'badf', type: 1, bytes: 0n },
    { userdata: 103n, errno: 'notcapable', type: 1, bytes: 0n },
    { userdata: 104n, errno: 'badf', type: 1, bytes: 0n },
    { userdata: 105n, errno: 'inval', type: 0, bytes: 0n },
    { userdata: 106n, errno: 'inval', type: 3, bytes: 0n },
  ])
  assert.equal(poll(abi), 'inval')
})

test('yielding gives the event loop a turn, where the guest can be suspended', async () => {
  const abi = new Abi()
  let turned = false
  setImmediate(() => {
    turned = true
  })
  assert.equal(await abi.wasi.sched_yield(), 0)
  assert.ok(turned)
  assert.equal(new Abi({ canSuspend: false }).errno('sched_yield'), 'success')
})

/** A stream that never has anything, and how often it was asked. */
function silent() {
  const asked = { times: 0 }
  const stdin = {
    [Symbol.asyncIterator]: () => ({
      next: () => {
        asked.times++
        return new Promise<never>(() => undefined)
      },
    }),
  }
  return { asked, stdin }
}

test('a guest that asks again and again for what is not there has the stream asked once, and nothing kept', async () => {
  const { asked, stdin } = silent()
  const abi = new Abi({ run: { stdin }, clock: 'system' })
  const [buffer, count] = [abi.vector(2000, 10), abi.room(4)]
  assert.equal(abi.errno('fd_fdstat_set_flags', 0, NONBLOCK), 'success')
  const before = (await held()).heap
  for (let time = 0; time < 20_000; time++) assert.equal(abi.wasi.fd_read(0, buffer, 1, count), ERRNO.again)
  await nextTurn()
  assert.ok((await held()).heap - before < 20_000 * 100, 'less than 100 bytes for each')
  for (let time = 0; time < 20; time++) assert.deepEqual(await poll(abi, { clock: 1, timeout: 1n }, { read: 0 }), [clockEvent(100n)])
  assert.equal(asked.times, 1)
  assert.equal(getEventListeners(abi.ended.signal, 'abort').length, 0)
})

test('a call that is over does not wait for input any more', async () => {
  const input = new Input(silent().stdin)
  const waiting = (): WeakRef<object> => {
    const abi = new Abi({ run: { stdin: input } })
    assert.ok(abi.wasi.fd_read(0, abi.vector(2000, 10), 1, abi.room(4)) instanceof Promise)
    void poll(abi, { read: 0 })
    assert.equal(getEventListeners(abi.ended.signal, 'abort').length, 2)
    abi.ended.abort()
    assert.equal(getEventListeners(abi.ended.signal, 'abort').length, 0)
    return new WeakRef(abi)
  }
  const gone = waiting()
  await held()
  assert.equal(gone.deref(), undefined, 'the input has nothing of it')
  assert.equal(input.ready, undefined)
})

test('a stream that fails tells so to who does not wait for it as well', async () => {
  const broken = new Error('broken')
  const stdin = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(broken) })
  const abi = new Abi({ run: { stdin } })
  abi.errno('fd_fdstat_set_flags', 0, NONBLOCK)
  const read = () => abi.errno('fd_read', 0, abi.vector(2000, 10), 1, abi.room(4))
  assert.equal(read(), 'again')
  await nextTurn()
  assert.throws(read, broken)
})

test('of two that wait for one stream, the one that comes late waits for what comes next', async () => {
  const { stdin, say, end } = later()
  const input = new Input(stdin)
  const read = async () => {
    const abi = new Abi({ run: { stdin: input } })
    const [at, count] = [abi.room(10), abi.room(4)]
    assert.equal(await abi.wasi.fd_read(0, abi.vector(at, 10), 1, count), 0)
    return abi.text(at, abi.view.getUint32(count, true))
  }
  const both = [read(), read()]
  say('one')
  await nextTurn()
  say('two')
  assert.deepEqual(await Promise.all(both), ['one', 'two'])
  end()
})

test('a stream of nothing but empty chunks leaves everybody else their turn', { timeout: 5_000 }, async () => {
  let times = 0
  const empty = async function* () {
    for (; times < 1_000_000; times++) yield new Uint8Array()
  }
  const abi = new Abi({ run: { stdin: empty() } })
  void abi.wasi.fd_read(0, abi.vector(2000, 10), 1, abi.room(4))
  for (let turn = 0; turn < 10; turn++) await nextTurn()
  assert.ok(times > 1 && times < 1_000)
  abi.ended.abort()
})

test('an iterator of the host that ends in its own way harms nobody', () => {
  for (const end of [
    () => ({ done: true }),
    () => undefined,
    () => {
      throw new Error('ended')
    },
  ]) {
    const iterator = { next: () => new Promise(() => undefined), return: end }
    new Input({ [Symbol.asyncIterator]: () => iterator } as unknown as AsyncIterable<Uint8Array>).close()
  }
})
