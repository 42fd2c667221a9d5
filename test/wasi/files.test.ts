/** The same behaviours of files in memory and of those on the disk. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { FileTree } from '../../src/wasi/file-tree.ts'
import { MemoryDirectory } from '../../src/wasi/memory-directory.ts'
import { temporaryTree } from '../support/temporary-tree.ts'
import { Abi, ALL_RIGHTS, inMemory, LIMITS, onDisk, READ, ROOT, WRITE } from './abi.ts'

const FILES = { 'hello.txt': 'hello', empty: '', 'folder/inner.txt': 'inner' }
const TREE: FileTree = { 'hello.txt': 'hello', empty: '', folder: { 'inner.txt': 'inner' } }

function both(claim: string, check: (abi: Abi) => void | Promise<void>): void {
  test(`${claim}, in memory`, () => check(new Abi({ preopens: [inMemory(TREE)] })))
  test(`${claim}, on the disk`, async (t: TestContext) => {
    const abi = new Abi({ preopens: [onDisk(temporaryTree(t, FILES))] })
    await check(abi)
    abi.gone.abort()
  })
}

const opened = (descriptor: number | string): number => {
  assert.equal(typeof descriptor, 'number', String(descriptor))
  return descriptor as number
}

/** Where a descriptor is after moving it. */
function seek(abi: Abi, descriptor: number, offset: bigint, whence: number): number | string {
  const result = abi.room(8)
  const errno = abi.errno('fd_seek', descriptor, offset, whence, result)
  return errno === 'success' ? Number(abi.view.getBigUint64(result, true)) : errno
}

both('a file is read from its beginning to its end', (abi) => {
  const file = opened(abi.open('hello.txt', { rights: READ }))
  assert.deepEqual([abi.read(file, 2), abi.read(file, 2), abi.read(file, 2), abi.read(file, 2)], ['he', 'll', 'o', ''])
})

both('a read fills one buffer after another, and a write empties them so', (abi) => {
  const vectors = abi.room(24)
  const into = abi.room(16)
  for (const [at, [address, length]] of [
    [into, 2],
    [0, 0],
    [into + 8, 8],
  ].entries()) {
    abi.view.setUint32(vectors + at * 8, address as number, true)
    abi.view.setUint32(vectors + at * 8 + 4, length as number, true)
  }
  const file = opened(abi.open('hello.txt'))
  const count = abi.room(4)
  assert.equal(abi.errno('fd_pread', file, vectors, 3, 0n, count), 'success')
  assert.deepEqual([abi.view.getUint32(count, true), abi.text(into, 2), abi.text(into + 8, 3)], [5, 'he', 'llo'])
  assert.equal(abi.errno('fd_pwrite', file, vectors, 3, 5n, count), 'success')
  assert.equal(abi.contents('hello.txt'), 'hellohello\0\0\0\0\0')
})

both('a file is made, written, and read back', (abi) => {
  assert.equal(abi.open('new.txt'), 'noent')
  assert.equal(abi.save('new.txt', 'first'), 'success')
  assert.equal(abi.save('new.txt', '2nd'), 'success')
  assert.equal(abi.contents('new.txt'), '2nd')
  assert.equal(abi.open('new.txt', { create: true, exclusive: true }), 'exist')
  const file = opened(abi.open('new.txt', { create: true }))
  abi.write(file, 'X')
  assert.equal(abi.contents('new.txt'), 'Xnd')
})

both('seeking moves where the next read or write is, and a gap reads as zeros', (abi) => {
  const file = opened(abi.open('hello.txt'))
  assert.deepEqual([seek(abi, file, 1n, 0), abi.read(file, 2)], [1, 'el'])
  assert.deepEqual([seek(abi, file, -1n, 1), seek(abi, file, -2n, 2), abi.read(file)], [2, 3, 'lo'])
  assert.deepEqual([seek(abi, file, -1n, 0), seek(abi, file, 0n, 3), seek(abi, file, 2n ** 62n, 0)], ['inval', 'inval', 'fbig'])
  assert.equal(seek(abi, file, 8n, 0), 8)
  abi.write(file, '!')
  assert.equal(abi.contents('hello.txt'), 'hello\0\0\0!')
  assert.equal(abi.errno('fd_tell', file, 0), 'success')
  assert.equal(abi.view.getBigUint64(0, true), 9n)
})

both('what is appended goes to the end, wherever the descriptor is', (abi) => {
  const file = opened(abi.open('hello.txt', { flags: 1 }))
  abi.write(file, ' you')
  seek(abi, file, 0n, 0)
  abi.write(file, '!')
  assert.equal(abi.contents('hello.txt'), 'hello you!')
  assert.equal(abi.errno('fd_fdstat_set_flags', file, 0), 'success')
  seek(abi, file, 0n, 0)
  abi.write(file, 'J')
  assert.equal(abi.contents('hello.txt'), 'Jello you!')
})

both('a file is cut and grown', (abi) => {
  const file = opened(abi.open('hello.txt'))
  assert.equal(abi.errno('fd_filestat_set_size', file, 3n), 'success')
  assert.equal(abi.errno('fd_filestat_set_size', file, 5n), 'success')
  assert.equal(abi.contents('hello.txt'), 'hel\0\0')
  assert.equal(abi.errno('fd_allocate', file, 2n, 2n), 'success')
  assert.equal(abi.contents('hello.txt'), 'hel\0\0')
  assert.equal(abi.errno('fd_allocate', file, 4n, 2n), 'success')
  assert.equal(abi.contents('hello.txt'), 'hel\0\0\0')
  assert.equal(abi.errno('fd_allocate', file, 0n, 0n), 'inval')
  assert.equal(opened(abi.open('hello.txt', { truncate: true })), file + 1)
  assert.equal(abi.contents('hello.txt'), '')
})

both('what a descriptor was not opened for it cannot do', (abi) => {
  const reader = opened(abi.open('hello.txt', { rights: READ }))
  assert.equal(abi.write(reader, 'x'), 'notcapable')
  const writer = opened(abi.open('hello.txt', { rights: WRITE }))
  assert.equal(abi.read(writer), 'notcapable')
  assert.equal(abi.errno('fd_seek', writer, 0n, 0, 0), 'notcapable')
})

both('directories are made and removed, when they are empty', (abi) => {
  assert.equal(abi.path('path_create_directory', [ROOT], 'new'), 'success')
  assert.equal(abi.path('path_create_directory', [ROOT], 'new/sub/'), 'success')
  assert.equal(abi.path('path_create_directory', [ROOT], 'new'), 'exist')
  assert.equal(abi.path('path_create_directory', [ROOT], 'not-there/sub'), 'noent')
  assert.equal(abi.path('path_create_directory', [ROOT], 'hello.txt/sub'), 'notdir')
  assert.equal(abi.path('path_remove_directory', [ROOT], 'new'), 'notempty')
  assert.equal(abi.path('path_remove_directory', [ROOT], 'hello.txt'), 'notdir')
  assert.equal(abi.path('path_unlink_file', [ROOT], 'new'), 'isdir')
  assert.equal(abi.path('path_remove_directory', [ROOT], 'new/sub'), 'success')
  assert.equal(abi.path('path_remove_directory', [ROOT], 'new/'), 'success')
  assert.equal(abi.stat('new'), 'noent')
  for (const path of ['.', './', 'folder/..']) assert.equal(abi.path('path_remove_directory', [ROOT], path), 'busy')
  for (const path of ['.', 'folder/.']) assert.equal(abi.path('path_create_directory', [ROOT], path), 'exist')
})

both('a directory is listed, entry by entry if the buffer is small', (abi) => {
  const expected = { empty: 4, folder: 3, 'hello.txt': 4 }
  assert.deepEqual(abi.list(), expected)
  for (const size of [40, 60, 100]) assert.deepEqual(abi.list('.', size), expected, `in pieces of ${size} bytes`)
  assert.deepEqual(abi.list('folder'), { 'inner.txt': 4 })
  assert.equal(abi.list('hello.txt'), 'notdir')
  const root = opened(abi.open('.', { directory: true, rights: ALL_RIGHTS & ~WRITE }))
  // From any place, forwards and back, and past the end
  const [buffer, used] = [abi.room(24), abi.room(4)]
  const next = (cookie: bigint) => {
    assert.equal(abi.errno('fd_readdir', root, buffer, 24, cookie, used), 'success')
    return abi.view.getUint32(used, true) === 0 ? 'end' : `${abi.view.getBigUint64(buffer, true)} ${abi.view.getUint8(buffer + 20)}`
  }
  const all = [0n, 1n, 2n, 3n, 4n, 5n].map(next)
  assert.deepEqual(all.slice(0, 2), ['1 3', '2 3'])
  assert.deepEqual(
    all.map((entry) => entry.split(' ')[0]),
    ['1', '2', '3', '4', '5', 'end'],
  )
  for (const cookie of [3, 1, 4, 0, 2, 2, 5]) assert.equal(next(BigInt(cookie)), all[cookie])
  assert.equal(next(2n ** 40n), 'end')
})

both('a file is removed, and lives on for who has it open', (abi) => {
  const file = opened(abi.open('hello.txt', { rights: READ }))
  assert.equal(abi.path('path_unlink_file', [ROOT], 'hello.txt'), 'success')
  assert.equal(abi.open('hello.txt'), 'noent')
  assert.equal(abi.read(file), 'hello')
  assert.equal(abi.path('path_unlink_file', [ROOT], 'hello.txt'), 'noent')
  assert.equal(abi.path('path_unlink_file', [ROOT], 'empty/'), 'notdir')
})

both('a file has several names, and goes with the last', (abi) => {
  assert.equal(abi.link('hello.txt', 'folder/other'), 'success')
  assert.equal(abi.link('hello.txt', 'empty'), 'exist')
  abi.save('folder/other', 'changed')
  assert.equal(abi.contents('hello.txt'), 'changed')
  assert.equal((abi.stat('hello.txt') as { links: number }).links, 2)
  abi.path('path_unlink_file', [ROOT], 'hello.txt')
  assert.equal(abi.contents('folder/other'), 'changed')
})

both('files and directories are moved, over files, and over empty directories', (abi) => {
  assert.equal(abi.rename('hello.txt', 'folder/moved'), 'success')
  assert.deepEqual([abi.stat('hello.txt'), abi.contents('folder/moved')], ['noent', 'hello'])
  assert.equal(abi.rename('folder/moved', 'empty'), 'success')
  assert.equal(abi.contents('empty'), 'hello')
  assert.equal(abi.rename('folder', 'elsewhere'), 'success')
  assert.equal(abi.contents('elsewhere/inner.txt'), 'inner')
  assert.equal(abi.rename('elsewhere', 'elsewhere/inside'), 'inval')
  abi.path('path_create_directory', [ROOT], 'full')
  abi.save('full/file', 'x')
  abi.path('path_create_directory', [ROOT], 'bare')
  assert.equal(abi.rename('elsewhere', 'full'), 'notempty')
  assert.equal(abi.rename('elsewhere', 'empty'), 'notdir')
  assert.equal(abi.rename('empty', 'bare'), 'isdir')
  assert.equal(abi.rename('elsewhere', 'bare'), 'success')
  assert.deepEqual(abi.list('bare'), { 'inner.txt': 4 })
  assert.equal(abi.rename('not-there', 'x'), 'noent')
  assert.equal(abi.rename('.', 'x'), 'busy')
  assert.equal(abi.rename('empty', 'empty'), 'success')
})

both('symlinks are followed inside, by name and in the middle of a path', (abi) => {
  assert.equal(abi.symlink('hello.txt', 'link'), 'success')
  assert.equal(abi.symlink('folder', 'folder-link'), 'success')
  assert.equal(abi.symlink('x', 'link'), 'exist')
  assert.equal(abi.contents('link'), 'hello')
  assert.equal(abi.contents('folder-link/inner.txt'), 'inner')
  assert.deepEqual([(abi.stat('link') as { type: number }).type, (abi.stat('link', false) as { type: number }).type], [4, 7])
  const [buffer, used] = [abi.room(100), abi.room(4)]
  assert.equal(abi.path('path_readlink', [ROOT], 'link', buffer, 5, used), 'success')
  assert.equal(abi.text(buffer, abi.view.getUint32(used, true)), 'hello')
  assert.equal(abi.path('path_readlink', [ROOT], 'hello.txt', buffer, 100, used), 'inval')
  // A slash at the end follows, whatever the flag says
  assert.equal((abi.stat('folder-link/', false) as { type: number }).type, 3)
  assert.equal(abi.stat('link/', false), 'notdir')
  // Written through, also to what is not there yet
  abi.symlink('new.txt', 'dangling')
  assert.equal(abi.open('dangling'), 'noent')
  assert.equal(abi.save('dangling', 'made'), 'success')
  assert.equal(abi.contents('new.txt'), 'made')
  assert.equal(abi.path('path_unlink_file', [ROOT], 'link'), 'success')
  assert.equal(abi.contents('hello.txt'), 'hello')
  assert.equal(abi.rename('folder-link', 'renamed'), 'success')
  assert.equal((abi.stat('renamed', false) as { type: number }).type, 7)
})

both('times are set, and left', (abi) => {
  const set = (flags: number) => abi.path('path_filestat_set_times', [ROOT, 1], 'hello.txt', 1_000_000_000n, 2_000_000_000n, flags)
  const times = () => {
    const { accessed, modified } = abi.stat('hello.txt') as { accessed: bigint; modified: bigint }
    return [accessed, modified]
  }
  assert.equal(set(1 | 4), 'success')
  assert.deepEqual(times(), [1_000_000_000n, 2_000_000_000n])
  const file = opened(abi.open('hello.txt'))
  assert.equal(abi.errno('fd_filestat_set_times', file, 5_000_000_000n, 0n, 1), 'success')
  assert.deepEqual(times(), [5_000_000_000n, 2_000_000_000n])
  assert.equal(set(1 | 2), 'inval')
  // Now, by the guest's clock, which stands at 0
  assert.equal(set(8), 'success')
  assert.deepEqual(times(), [5_000_000_000n, 0n])
  assert.equal(abi.errno('fd_filestat_set_times', ROOT, 0n, 7_000_000_000n, 4), 'success')
  assert.equal((abi.stat('.') as { modified: bigint }).modified, 7_000_000_000n)
})

both('a slash at the end wants a directory', (abi) => {
  assert.equal(abi.open('hello.txt/'), 'notdir')
  assert.equal(abi.open('hello.txt/.'), 'notdir')
  assert.equal(abi.stat('hello.txt/'), 'notdir')
  assert.equal((abi.stat('folder/') as { type: number }).type, 3)
  assert.equal(abi.open('new/', { create: true }), 'noent')
  assert.equal(abi.rename('hello.txt', 'new/'), 'notdir')
  assert.equal(abi.link('hello.txt', 'new/'), 'noent')
})

both('a directory is not a file, nor a file a directory', (abi) => {
  assert.equal(abi.open('folder', { rights: WRITE }), 'isdir')
  assert.equal(abi.open('folder', { create: true, rights: READ }), 'isdir')
  const folder = opened(abi.open('folder', { rights: ALL_RIGHTS & ~WRITE }))
  assert.equal(abi.read(folder), 'isdir')
  assert.equal(abi.errno('fd_seek', folder, 0n, 0, 0), 'isdir')
  assert.equal(abi.open('hello.txt', { directory: true }), 'notdir')
  const file = opened(abi.open('hello.txt'))
  assert.equal(abi.open('x', { from: file }), 'notdir')
  assert.equal(abi.errno('fd_readdir', file, 0, 100, 0n, 0), 'notdir')
  assert.equal(abi.errno('fd_prestat_get', file, 0), 'badf')
})

both('descriptors are closed, moved, and told apart', async (abi) => {
  const [one, two] = [opened(abi.open('hello.txt', { rights: READ })), opened(abi.open('folder/inner.txt', { rights: READ }))]
  assert.equal(abi.errno('fd_renumber', one, two), 'success')
  assert.equal(abi.read(two), 'hello')
  assert.equal(abi.read(one), 'badf')
  assert.equal(abi.errno('fd_renumber', two, two), 'success')
  assert.equal(abi.errno('fd_close', two), 'success')
  assert.equal(abi.errno('fd_close', two), 'badf')
  const file = opened(abi.open('hello.txt'))
  assert.equal(await abi.wasi.fd_sync(file), 0)
  assert.equal(await abi.wasi.fd_datasync(file), 0)
  assert.equal(abi.errno('fd_advise', file, 0n, 0n, 5), 'success')
  assert.equal(abi.errno('fd_advise', file, 0n, 0n, 6), 'inval')
  assert.equal(abi.errno('fd_fdstat_set_flags', file, 2), 'notsup')
  assert.equal(abi.errno('fd_fdstat_set_flags', file, 32), 'inval')
})

test('files in memory have so many bytes, and no more', () => {
  const abi = new Abi({ preopens: [inMemory({ big: new Uint8Array(LIMITS.bytes - 1000) })] })
  const file = opened(abi.open('new', { create: true }))
  assert.equal(abi.write(file, 'x'.repeat(500)), 'success')
  const second = opened(abi.open('second', { create: true }))
  assert.equal(abi.write(second, 'x'.repeat(500)), 'nospc')
  assert.equal(abi.errno('fd_filestat_set_size', second, BigInt(LIMITS.bytes + 1)), 'fbig')
  // Holes cost nothing, what is cut or removed comes back
  assert.equal(abi.errno('fd_filestat_set_size', second, BigInt(LIMITS.bytes)), 'success')
  assert.equal(abi.errno('fd_filestat_set_size', file, 0n), 'success')
  assert.equal(abi.write(second, 'x'.repeat(500)), 'success')
  assert.equal(abi.path('path_unlink_file', [ROOT], 'big'), 'success')
  for (let each = 0; each < 10; each++) assert.equal(abi.write(file, 'x'.repeat(50_000)), 'success')
})

test('what is removed while it is open counts until it is closed', () => {
  const abi = new Abi({ preopens: [inMemory({})] })
  const [vector, count] = [abi.vector(0, LIMITS.bytes / 8), abi.room(4)]
  const write = (descriptor: number) => abi.errno('fd_write', descriptor, vector, 1, count)
  const file = opened(abi.open('file', { create: true }))
  for (let each = 0; each < 8; each++) assert.equal(write(file), 'success')
  assert.equal(abi.path('path_unlink_file', [ROOT], 'file'), 'success')
  const other = opened(abi.open('other', { create: true }))
  assert.equal(write(other), 'nospc')
  assert.equal(abi.errno('fd_close', file), 'success')
  assert.equal(write(other), 'success')
})

test('there are so many files in memory, and no more, of whatever kind', () => {
  const abi = new Abi({ preopens: [inMemory({})] })
  const makers: ((name: string) => string)[] = [
    (name) => abi.save(name, ''),
    (name) => abi.path('path_create_directory', [ROOT], name),
    (name) => abi.symlink('x', name),
    (name) => abi.link('0', name),
  ]
  // One is the directory itself
  for (let at = 0; at < LIMITS.files - 1; at++) assert.equal(makers[at % 4]?.(String(at)), 'success', String(at))
  for (const [at, make] of makers.entries()) assert.equal(make(`more${at}`), 'nospc')
  assert.equal(abi.path('path_unlink_file', [ROOT], '3'), 'success')
  assert.equal(abi.symlink('x', 'one-more'), 'success')
  assert.equal(abi.symlink('x', 'two-more'), 'nospc')
})

test('a guest has the host copy no more than its files may be, though holes and further names take nothing', async () => {
  const copied = (make: (abi: Abi, file: number) => void) => async () => {
    const directory = await MemoryDirectory.create({ file: 'x' }, { fileSizeLimit: 1000 })
    const abi = new Abi({ preopens: [{ path: '/', directory: directory.root, readOnly: false }] })
    const file = opened(abi.open('file', { rights: WRITE }))
    make(abi, file)
    assert.equal((directory.read('file') as Uint8Array).length, (abi.stat('file') as { size: number }).size)
    return Object.keys(directory.files)
  }
  const resize = (abi: Abi, file: number, size: bigint) => assert.equal(abi.errno('fd_filestat_set_size', file, size), 'success')
  assert.deepEqual(await copied((abi, file) => resize(abi, file, 1000n))(), ['file'])
  const holes = copied((abi, file) => {
    for (const each of [file, opened(abi.open('more', { create: true, rights: WRITE }))]) resize(abi, each, 501n)
  })
  const names = copied((abi, file) => {
    resize(abi, file, 501n)
    assert.equal(abi.link('file', 'again'), 'success')
  })
  for (const each of [holes, names]) await assert.rejects(each, { code: 'file-limit', figures: { limit: 1000 } })
})

test('a directory in memory that is above its limits, or has others than there are, is refused', async () => {
  const create = (...args: object[]) => MemoryDirectory.create(...(args as []))
  await assert.rejects(create({ a: 'xx' }, { fileSizeLimit: 1 }), { code: 'invalid-option', message: /above `fileSizeLimit` or `fileCountLimit`/ })
  await assert.rejects(create({ a: '', b: '' }, { fileCountLimit: 2 }), { code: 'invalid-option' })
  await assert.rejects(create({}, { fileSize: 1 }), {
    code: 'invalid-option',
    message: /option `limits` takes `fileSizeLimit` and `fileCountLimit`, but got "fileSize"/,
  })
})

test('directories nest as deep as there may be files, and are moved and read back at once', () => {
  const abi = new Abi({ preopens: [inMemory({})] })
  let here: number = ROOT
  for (let depth = 0; depth < LIMITS.files - 3; depth++) {
    assert.equal(abi.path('path_create_directory', [here], 'd'), 'success')
    const next = opened(abi.open('d', { directory: true, from: here, rights: ALL_RIGHTS & ~WRITE }))
    if (here !== ROOT) abi.errno('fd_close', here)
    here = next
  }
  assert.equal(abi.rename('d', 'moved'), 'success')
  assert.equal(abi.path('path_create_directory', [here], 'last'), 'success')
  assert.equal(abi.rename('moved', 'again', { from: ROOT, to: here }), 'inval')
})

test('what an instance begins with is made as it is asked for, and nobody can tell', () => {
  let now = 1_000
  const tree = { a: { b: {}, file: 'x' }, c: {}, file: 'text', gone: 'y' }
  const abi = new Abi({ preopens: [inMemory(tree, false, 7, () => now)] })
  const facts = (path: string) => abi.stat(path)
  now = 2_000
  const before = { type: 3, size: 0, links: 4, accessed: 1_000_000_000n, modified: 1_000_000_000n }
  assert.deepEqual(facts('.'), before)
  assert.deepEqual(facts('a'), { ...before, links: 3 })
  assert.deepEqual(facts('a/file'), { ...before, type: 4, size: 1, links: 1 })
  assert.deepEqual(abi.list(), { a: 3, c: 3, file: 4, gone: 4 })
  assert.deepEqual(facts('.'), before)
  // All of it was paid for from the beginning, and what is removed is not there again
  assert.equal(abi.save('more', ''), 'nospc')
  assert.equal(abi.path('path_unlink_file', [ROOT], 'gone'), 'success')
  assert.equal(abi.stat('gone'), 'noent')
  assert.equal(abi.save('more', ''), 'success')
  assert.deepEqual(abi.list(), { a: 3, c: 3, file: 4, more: 4 })
  assert.equal(abi.rename('a', 'gone'), 'success')
  assert.equal(abi.contents('gone/file'), 'x')
  assert.equal(abi.path('path_remove_directory', [ROOT], 'gone'), 'notempty')
  assert.equal(abi.stat('a'), 'noent')
})

test('a directory that was removed takes nothing new', () => {
  const abi = new Abi({ preopens: [inMemory({ folder: {} })] })
  const folder = opened(abi.open('folder', { directory: true, rights: ALL_RIGHTS & ~WRITE }))
  abi.path('path_remove_directory', [ROOT], 'folder')
  assert.equal(abi.path('path_create_directory', [folder], 'x'), 'noent')
  assert.equal(abi.open('x', { create: true, from: folder }), 'noent')
  abi.save('file', '')
  assert.equal(abi.rename('file', 'x', { to: folder }), 'noent')
})
