import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WasiExit } from '../../src/wasi/run.ts'
import { PARAMETERS } from '../../src/wasi/signatures.ts'
import { Abi, Ended, inMemory } from './abi.ts'

/** The strings that a guest finds. */
function strings(abi: Abi, kind: 'args' | 'environ'): string[] {
  const [count, size] = [abi.room(4), abi.room(4)]
  assert.equal(abi.errno(`${kind}_sizes_get`, count, size), 'success')
  const [number, length] = [abi.view.getUint32(count, true), abi.view.getUint32(size, true)]
  const [pointers, bytes] = [abi.room(4 * number), abi.room(length)]
  assert.equal(abi.errno(`${kind}_get`, pointers, bytes), 'success')
  return Array.from({ length: number }, (_, at) => {
    const from = abi.view.getUint32(pointers + 4 * at, true)
    const end = new Uint8Array(abi.memory.buffer).indexOf(0, from)
    assert.ok(end < bytes + length)
    return abi.text(from, end - from)
  })
}

test('all 46 functions of preview 1 are there', () => {
  assert.deepEqual(Object.keys(new Abi().wasi).sort(), Object.keys(PARAMETERS).sort())
  assert.equal(Object.keys(PARAMETERS).length, 46)
})

test('a guest finds its arguments and its environment, and nothing of the process', () => {
  const abi = new Abi({ run: { args: ['prog', '-v', 'å b'], env: { LANG: 'C', EMPTY: '', path: 'a=b' } } })
  assert.deepEqual(strings(abi, 'args'), ['prog', '-v', 'å b'])
  assert.deepEqual(strings(abi, 'environ'), ['LANG=C', 'EMPTY=', 'path=a=b'])
  assert.deepEqual(strings(new Abi(), 'environ'), [])
})

test('the clocks of the system go forward; those of the process are not there', () => {
  const abi = new Abi({ clock: 'system' })
  const time = (id: number) => {
    assert.equal(abi.errno('clock_time_get', id, 0n, 0), 'success')
    return abi.view.getBigUint64(0, true)
  }
  assert.ok(Math.abs(Number(time(0) / 1_000_000n) - Date.now()) < 60_000)
  const first = time(1)
  // The process may have run for long: what is told began with the instance
  assert.ok(first < 60_000_000_000n)
  while (time(1) === first);
  assert.ok(time(1) > first)
  for (const id of [2, 3, 4, -1]) {
    assert.equal(abi.errno('clock_time_get', id, 0n, 0), 'inval')
    assert.equal(abi.errno('clock_res_get', id, 0), 'inval')
  }
  assert.equal(abi.errno('clock_res_get', 0, 0), 'success')
  assert.equal(abi.view.getBigUint64(0, true), 1_000_000n)
})

test('seeded random bytes are the same for the same seed, on every Node, and other than for another', () => {
  const bytes = (random: number | 'system') => {
    const abi = new Abi({ random })
    assert.equal(abi.errno('random_get', 0, 16), 'success')
    return Buffer.from(abi.bytes(0, 16)).toString('hex')
  }
  assert.equal(bytes(0), SEED_0)
  assert.equal(bytes(2 ** 40), bytes(2 ** 40))
  assert.equal(new Set([0, 1, 2, 2 ** 32, 2 ** 40, 'system', 'system'].map((each) => bytes(each as number))).size, 7)
})

const SEED_0 = 'c3df2b20e1e6d909a808c5caf7a22fa4'

test('a large piece of random bytes is filled to its end', async () => {
  for (const random of ['system', 7] as const) {
    const abi = new Abi({ random })
    assert.equal(await abi.wasi.random_get(0, 200_000), 0)
    assert.ok(abi.bytes(199_900, 100).some((byte) => byte !== 0))
    assert.ok(abi.bytes(200_000, 100).every((byte) => byte === 0))
  }
})

test('an exit ends the call with its code, and no signal can be raised', () => {
  const abi = new Abi()
  for (const code of [0, 1, 255, -1]) {
    assert.throws(
      () => abi.wasi.proc_exit(code),
      (error) => error instanceof Ended && error.end instanceof WasiExit && error.end.exitCode === code >>> 0,
    )
  }
  assert.equal(abi.errno('proc_raise', 6), 'notsup')
  assert.equal(abi.errno('proc_raise', 99), 'inval')
})

test('there are no sockets', () => {
  const abi = new Abi({ preopens: [inMemory({})] })
  for (const [name, ...args] of [
    ['sock_accept', 0, 0],
    ['sock_recv', 0, 0, 0, 0, 0],
    ['sock_send', 0, 0, 0, 0],
    ['sock_shutdown', 0],
  ] as const) {
    assert.equal(abi.errno(name, 3, ...args), 'notsock')
    assert.equal(abi.errno(name, 9, ...args), 'badf')
  }
})

test('standard streams are neither files nor terminals', () => {
  const abi = new Abi({ run: { stdin: 'x' } })
  for (const number of [0, 1, 2]) {
    assert.equal(abi.errno('fd_fdstat_get', number, 0), 'success')
    assert.equal(abi.view.getUint8(0), 0)
    assert.equal(abi.errno('fd_seek', number, 0n, 0, 0), 'spipe')
    assert.equal(abi.errno('fd_filestat_get', number, 0), 'success')
  }
  assert.equal(abi.write(0, 'x'), 'notcapable')
  assert.equal(abi.read(1), 'notcapable')
  assert.equal(abi.errno('fd_close', 1), 'success')
  assert.equal(abi.write(1, 'x'), 'badf')
})

test('a guest finds the directories that it begins with, and no others', () => {
  const abi = new Abi({
    preopens: [
      { ...inMemory({}), path: '/data' },
      { ...inMemory({}), path: 'é' },
    ],
  })
  const names: string[] = []
  for (let number = 3; abi.errno('fd_prestat_get', number, 0) === 'success'; number++) {
    assert.equal(abi.view.getUint8(0), 0)
    const length = abi.view.getUint32(4, true)
    const at = abi.room(length)
    assert.equal(abi.errno('fd_prestat_dir_name', number, at, length - 1), 'nametoolong')
    assert.equal(abi.errno('fd_prestat_dir_name', number, at, length), 'success')
    names.push(abi.text(at, length))
  }
  assert.deepEqual(names, ['/data', 'é'])
  assert.equal(abi.errno('fd_prestat_get', 5, 0), 'badf')
  assert.equal(abi.errno('fd_prestat_get', 1, 0), 'badf')
})
