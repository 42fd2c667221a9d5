import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ERRNO } from '../../src/wasi/errno.ts'
import { PARAMETERS, type WasiName } from '../../src/wasi/signatures.ts'
import { temporaryTree } from '../support/temporary-tree.ts'
import { Abi, Ended, inMemory, nameOf, onDisk } from './abi.ts'

const NAMES = Object.keys(PARAMETERS) as WasiName[]

/** What a guest may pass as an i32 or i64: nothing, small, the last byte of memory and past it, and the largest there is, signed as it arrives. */
const I32 = [0, 1, 3, 4, 8 * 65_536 - 1, 8 * 65_536, -1, 0x7fff_ffff, -0x8000_0000]
const I64 = [0n, 1n, -1n, 1n << 53n, (1n << 63n) - 1n, -(1n << 63n)]

/** Every position takes every value, the others each of some. */
function* hostileArguments(name: WasiName): Generator<(number | bigint)[]> {
  const letters = [...PARAMETERS[name]]
  for (const others of [0, 1, 3, 4, -1, 0x7fff_ffff]) {
    const base = letters.map((letter) => (letter === 'l' ? BigInt(others) : others))
    yield base
    for (const [at, letter] of letters.entries()) for (const value of letter === 'l' ? I64 : I32) yield base.with(at, value)
  }
}

for (const name of NAMES) {
  test(`${name} answers whatever it is given, with an errno`, async (t) => {
    const root = temporaryTree(t, { file: 'text', 'folder/other': 'x' })
    const answers = new Set<number>()
    for (const args of hostileArguments(name)) {
      const abi = new Abi({ preopens: [inMemory({ file: 'text', folder: { other: 'x' } }), onDisk(root)], timeLeft: 1, run: { env: { A: 'b' } } })
      try {
        // What would wait for a time or for a reader has nothing to wait for here: the clock is fixed and stdin is empty
        const answer = await abi.wasi[name](...args)
        answers.add(answer)
        nameOf(answer)
      } catch (error) {
        assert.ok(error instanceof Ended && name === 'proc_exit', `${name}(${args}) ends the call: ${error}`)
        return
      } finally {
        abi.gone.abort()
      }
    }
    if (name !== 'sched_yield') assert.ok(answers.size > 1 || !answers.has(ERRNO.success), 'it does not say yes to everything')
  })
}

test('pointers outside of memory are EFAULT, each of them', () => {
  const far = 8 * 65_536 - 1
  const cases: [WasiName, (abi: Abi) => (number | bigint)[]][] = [
    ['args_sizes_get', (abi) => [far, abi.room(4)]],
    ['args_sizes_get', (abi) => [abi.room(4), -1]],
    ['args_get', (abi) => [far, abi.room(64)]],
    ['args_get', (abi) => [abi.room(64), far]],
    ['clock_time_get', () => [0, 0n, far]],
    ['random_get', () => [far, 2]],
    ['random_get', () => [0, -1]],
    ['fd_write', (abi) => [1, far, 1, abi.room(4)]],
    ['fd_write', (abi) => [1, abi.vector(far, 2), 1, abi.room(4)]],
    ['fd_write', (abi) => [1, abi.vector(0, -1), 1, abi.room(4)]],
    ['fd_write', (abi) => [1, abi.vector(0, 1), 1, far]],
    ['fd_read', (abi) => [0, abi.vector(far, 2), 1, abi.room(4)]],
    ['fd_prestat_get', () => [3, far]],
    ['fd_prestat_dir_name', () => [3, 8 * 65_536, 1]],
    ['fd_fdstat_get', () => [1, far]],
    ['fd_filestat_get', () => [3, far]],
    ['fd_readdir', (abi) => [3, far, 24, 0n, abi.room(4)]],
    ['path_open', (abi) => [3, 0, far, 4, 0, 0n, 0n, 0, abi.room(4)]],
    ['path_filestat_get', (abi) => [3, 0, abi.put('file').at, 4, far]],
    ['poll_oneoff', (abi) => [far, abi.room(32), 1, abi.room(4)]],
    ['poll_oneoff', (abi) => [abi.room(48), far, 1, abi.room(4)]],
  ]
  for (const [name, args] of cases) {
    const abi = new Abi({ preopens: [inMemory({ file: 'text' })], run: { stdin: 'some input' } })
    const given = args(abi)
    assert.equal(abi.errno(name, ...given), 'fault', `${name}(${given})`)
  }
})

test('one call does a bounded amount of work', () => {
  const abi = new Abi({ preopens: [inMemory({})] })
  const file = abi.open('file', { create: true }) as number
  // 512 KiB of memory, a thousand times over, is half a GiB
  const vectors = abi.room(8 * 1024)
  for (let each = 0; each < 1024; each++) abi.view.setUint32(vectors + each * 8 + 4, 8 * 65_536, true)
  const count = abi.room(4)
  assert.equal(abi.errno('fd_write', file, vectors, 1024, count), 'success')
  assert.equal(abi.view.getUint32(count, true), 128 * 1024)
  abi.errno('fd_seek', file, 0n, 0, abi.room(8))
  assert.equal(abi.errno('fd_read', file, vectors, 1024, count), 'success')
  assert.equal(abi.view.getUint32(count, true), 128 * 1024)
  assert.equal(abi.errno('fd_write', file, vectors, 1025, count), 'inval')
  assert.equal(abi.errno('poll_oneoff', 0, 0, 1025, 0), 'inval')
})

test('no more than 256 events are waited for at a time', () => {
  const abi = new Abi()
  const [from, to, count] = [abi.room(48 * 257), abi.room(32 * 257), abi.room(4)]
  // Nothing has that descriptor, which is looked for each time
  for (let at = 0; at < 257; at++)
    for (const [offset, value] of [
      [8, 1],
      [16, 99],
    ] as const)
      abi.view.setUint8(from + at * 48 + offset, value)
  assert.equal(abi.errno('poll_oneoff', from, to, 257, count), 'inval')
  assert.equal(abi.errno('poll_oneoff', from, to, 256, count), 'success')
  assert.equal(abi.view.getUint32(count, true), 256)
})

test('paths that are not UTF-8, too long or with a zero byte are refused', () => {
  const abi = new Abi({ preopens: [inMemory({ file: 'text' })] })
  const stat = (path: string | Uint8Array) => abi.path('path_filestat_get', [3, 0], path, abi.room(64))
  assert.equal(stat(Uint8Array.of(0x66, 0xff)), 'ilseq')
  assert.equal(stat(Uint8Array.of(0xed, 0xa0, 0x80)), 'ilseq')
  assert.equal(stat('file\0'), 'inval')
  assert.equal(stat('x'.repeat(4097)), 'nametoolong')
  assert.equal(stat('é'.repeat(128)), 'nametoolong')
  assert.equal(stat('x'.repeat(255)), 'noent')
  assert.equal(abi.path('path_create_directory', [3], 'folder'), 'success')
  assert.equal(stat('folder/../'.repeat(200)), 'success')
  assert.equal(stat('folder/../'.repeat(300)), 'nametoolong')
  assert.equal(stat(`${'./'.repeat(2000)}file`), 'success')
  assert.equal(abi.errno('path_filestat_get', 3, 0, 0, -1, 0), 'nametoolong')
})

test('a guest has no more descriptors than it may', () => {
  const abi = new Abi({ preopens: [inMemory({ file: 'text' })], descriptors: 10 })
  const opened = Array.from({ length: 7 }, () => abi.open('file', { create: true }))
  assert.deepEqual(opened, [4, 5, 6, 7, 8, 9, 'mfile'])
  assert.equal(abi.open('new', { create: true }), 'mfile')
  assert.equal(abi.stat('new'), 'noent')
  abi.errno('fd_close', 6)
  assert.equal(abi.open('file'), 6)
})

test('what cannot be done in parts is done over several turns of the event loop, if the guest can wait', async () => {
  const files = Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`file ${at}`, '']))
  const abi = new Abi({ preopens: [inMemory(files, false, 2000)] })
  const turns = async (work: Promise<number> | number) => {
    let count = 0
    let done = typeof work === 'number'
    void Promise.resolve(work).then(() => {
      done = true
    })
    for (; !done; count++) await new Promise(setImmediate)
    return count
  }
  assert.equal(await turns(abi.wasi.random_get(0, 64 * 1024)), 0)
  assert.ok((await turns(abi.wasi.random_get(0, 4 * 64 * 1024))) >= 3)
  assert.ok(abi.bytes(4 * 64 * 1024 - 100, 100).some((byte) => byte !== 0))
  const count = abi.room(4)
  assert.ok((await turns(abi.wasi.fd_readdir(3, 10_000, 100_000, 0n, count))) >= 3)
  assert.ok(abi.text(10_000, abi.view.getUint32(count, true)).includes('file 999'))
})

test('a guest that cannot wait is held up no longer than its call has time', () => {
  const abi = new Abi({ canSuspend: false, timeLeft: 0 })
  assert.equal(abi.errno('random_get', 0, 8 * 65_536), 'success')
  assert.ok(abi.bytes(65_536, 7 * 65_536).every((byte) => byte === 0))
})
