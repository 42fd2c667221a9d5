/** Ways out of a directory, each really tried: on the disk, where there is something outside, and in memory. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, linkSync, lstatSync, readdirSync, readFileSync, renameSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryTree } from '../support/temporary-tree.ts'
import { Abi, inMemory, onDisk, READ, ROOT, WRITE } from './abi.ts'

/** A directory with a neighbour that nobody gave to the guest. */
function disk(t: { after(fn: () => void): void }, { readOnly = false } = {}) {
  const root = temporaryTree(t, { 'inside/file': 'inside', 'inside/folder/deep': 'deep', 'outside/secret': 'secret', secret: 'secret' })
  const abi = new Abi({ preopens: [onDisk(join(root, 'inside'), readOnly)] })
  t.after(() => abi.gone.abort())
  return { root, inside: join(root, 'inside'), abi }
}

/** Paths that lead out by themselves. */
const OUT = [
  '..',
  '../',
  '../secret',
  '../outside/secret',
  'folder/../../secret',
  './folder/.././../secret',
  'folder/../..',
  '/',
  '/etc/passwd',
  '//etc',
  '../inside/file',
]

/** What opens, looks at, makes, moves or removes what a path leads to. */
function everythingAt(abi: Abi, path: string): string[] {
  const to = abi.put('file')
  return [
    String(abi.open(path)),
    String(abi.open(path, { rights: READ })),
    String(abi.open(path, { create: true })),
    String(abi.open(path, { directory: true, rights: READ })),
    String(abi.stat(path)),
    String(abi.stat(path, false)),
    abi.path('path_create_directory', [ROOT], path),
    abi.path('path_remove_directory', [ROOT], path),
    abi.path('path_unlink_file', [ROOT], path),
    abi.path('path_readlink', [ROOT], path, abi.room(100), 100, abi.room(4)),
    abi.path('path_filestat_set_times', [ROOT, 1], path, 0n, 0n, 5),
    abi.path('path_symlink', [to.at, to.length, ROOT], path),
    abi.link('file', path),
    abi.link(path, 'new'),
    abi.rename('file', path),
    abi.rename(path, 'new'),
  ]
}

test('no path leads out by itself, on the disk or in memory', (t) => {
  const { abi, root } = disk(t)
  const memory = new Abi({ preopens: [inMemory({ file: 'inside', folder: { deep: 'deep' } })] })
  for (const path of OUT) {
    for (const each of [abi, memory]) assert.deepEqual([...new Set(everythingAt(each, path))], ['notcapable'], path)
  }
  assert.deepEqual(readdirSync(root).sort(), ['inside', 'outside', 'secret'])
  assert.deepEqual(readdirSync(join(root, 'inside')).sort(), ['file', 'folder'])
})

test('.. within a directory is no way out, and is allowed', (t) => {
  const { abi } = disk(t)
  assert.equal(abi.contents('folder/../file'), 'inside')
  assert.equal(abi.contents('folder/.././folder/deep'), 'deep')
})

test('a directory that was opened is the top for what is opened from it', (t) => {
  const { abi } = disk(t)
  const folder = abi.open('folder', { directory: true, rights: ((1n << 30n) - 1n) & ~WRITE }) as number
  assert.equal(abi.contents('deep', folder), 'deep')
  assert.equal(abi.open('../file', { from: folder }), 'notcapable')
})

test('no symlink of the directory is followed out of it', (t) => {
  const { abi, inside, root } = disk(t)
  const links: [name: string, target: string][] = [
    ['absolute', join(root, 'secret')],
    ['relative', '../secret'],
    ['folder-out', '../outside'],
    ['through', 'folder/../../secret'],
    ['chain', 'relative'],
    ['chain-of-chain', 'chain'],
    ['up', '..'],
    ['dangling-out', '../not-there'],
    ['process', '/proc/self/cwd'],
  ]
  for (const [name, target] of links) symlinkSync(target, join(inside, name))
  symlinkSync('../up/secret', join(inside, 'folder/by-up'))
  const paths = [...links.map(([name]) => name), 'folder-out/secret', 'up/secret', 'up/inside/file', 'folder/by-up', 'process/package.json', 'absolute/']
  for (const path of paths) {
    for (const options of [{}, { rights: READ }, { create: true }, { create: true, exclusive: true, follow: true }]) {
      assert.match(
        String(abi.open(path, options)),
        /^(notcapable|exist)$/,
        `${path} ${JSON.stringify(options, (_, each) => (typeof each === 'bigint' ? 0 : each))}`,
      )
    }
    assert.equal(abi.stat(path), 'notcapable', path)
    assert.equal(abi.path('path_filestat_set_times', [ROOT, 1], path, 0n, 0n, 5), 'notcapable', path)
  }
  assert.equal(existsSync(join(root, 'not-there')), false)
  // Unfollowed they are what they are
  assert.equal((abi.stat('relative', false) as { type: number }).type, 7)
  assert.equal(abi.open('relative', { follow: false }), 'loop')
  assert.equal(abi.path('path_unlink_file', [ROOT], 'relative'), 'success')
  assert.equal(readFileSync(join(root, 'secret'), 'utf8'), 'secret')
  for (const path of ['folder-out/new', 'up/new']) {
    assert.equal(abi.path('path_create_directory', [ROOT], path), 'notcapable')
    assert.equal(abi.save(path, 'x'), 'notcapable')
    assert.equal(abi.rename('file', path), 'notcapable')
    assert.equal(abi.link('file', path), 'notcapable')
    assert.equal(abi.symlink('file', path), 'notcapable')
  }
  for (const path of ['folder-out/secret', 'up/secret']) {
    assert.equal(abi.path('path_unlink_file', [ROOT], path), 'notcapable')
    assert.equal(abi.rename(path, 'mine'), 'notcapable')
    assert.equal(abi.link(path, 'mine'), 'notcapable')
  }
})

test('a guest makes no symlink on the disk that leads out, wherever it is moved to', (t) => {
  const { abi, inside } = disk(t)
  for (const target of ['/etc/passwd', '..', '../secret', 'folder/../../secret', 'folder/..']) assert.equal(abi.symlink(target, 'link'), 'notcapable', target)
  assert.equal(existsSync(join(inside, 'link')), false)
  assert.equal(abi.symlink('folder/deep', 'link'), 'success')
  assert.equal(abi.contents('link'), 'deep')
  assert.equal(abi.rename('link', 'folder/link'), 'success')
  assert.equal(abi.contents('folder/link'), 'noent')
})

test('in memory a guest makes whatever symlink it likes, and none leads out', () => {
  const abi = new Abi({ preopens: [inMemory({ file: 'inside', folder: { deep: 'deep' } })] })
  for (const [at, target] of ['/etc/passwd', '..', '../file', 'folder/../../file', '/'].entries()) {
    assert.equal(abi.symlink(target, `link${at}`), 'success')
    assert.equal(abi.contents(`link${at}`), 'notcapable')
    assert.equal(abi.stat(`link${at}`), 'notcapable')
    assert.equal(abi.path('path_create_directory', [ROOT], `link${at}/x`), 'notcapable')
  }
  assert.equal(abi.symlink('../file', 'folder/up'), 'success')
  assert.equal(abi.contents('folder/up'), 'inside')
})

test('symlinks that go round end, in as many steps as Linux takes', (t) => {
  const { abi, inside } = disk(t)
  symlinkSync('b', join(inside, 'a'))
  symlinkSync('a', join(inside, 'b'))
  symlinkSync('self/x', join(inside, 'self'))
  for (const path of ['a', 'b', 'self', 'self/y']) assert.equal(abi.open(path), 'loop')
  const memory = new Abi({ preopens: [inMemory({ file: 'text' })] })
  memory.symlink('file', 'link0')
  for (let at = 1; at <= 40; at++) memory.symlink(`link${at - 1}`, `link${at}`)
  assert.equal(memory.contents('link39'), 'text')
  assert.equal(memory.contents('link40'), 'loop')
})

test('a hard link to what is outside cannot be made, nor to a directory', (t) => {
  const { abi, inside, root } = disk(t)
  assert.equal(abi.link('../secret', 'mine'), 'notcapable')
  assert.equal(abi.link('folder', 'mine'), 'perm')
  symlinkSync('../secret', join(inside, 'out'))
  assert.equal(abi.link('out', 'mine'), 'notsup')
  assert.equal(abi.link('out', 'mine', { follow: true }), 'inval')
  assert.equal(abi.link('file', 'mine'), 'success')
  assert.equal(statSync(join(inside, 'mine')).nlink, 2)
  // One that the owner of the directory made is a file of the directory
  linkSync(join(root, 'secret'), join(inside, 'given'))
  assert.equal(abi.contents('given'), 'secret')
})

test('nothing is moved or linked from one directory that was given to another', (t) => {
  const root = temporaryTree(t, { 'one/file': '1', 'two/file': '2' })
  const abi = new Abi({ preopens: [onDisk(join(root, 'one')), onDisk(join(root, 'two'), true), inMemory({ file: '3' }), inMemory({ file: '4' })] })
  for (const [from, to] of [
    [3, 5],
    [5, 3],
    [5, 6],
  ] as const) {
    assert.equal(abi.rename('file', 'moved', { from, to }), 'xdev')
    assert.equal(abi.link('file', 'linked', { from, to }), 'xdev')
  }
  // A link would make what is read-only writable
  assert.equal(abi.link('file', 'linked', { from: 4, to: 3 }), 'notcapable')
  assert.equal(abi.rename('file', 'moved', { from: 3, to: 4 }), 'notcapable')
})

test('devices, pipes and sockets in a directory are not opened, and nothing waits for them', (t) => {
  const { abi, inside } = disk(t)
  execFileSync('mkfifo', [join(inside, 'pipe')])
  for (const rights of [READ, WRITE, READ | WRITE]) assert.equal(abi.open('pipe', { rights }), 'acces')
  assert.equal(abi.open('pipe', { create: true, truncate: true, rights: WRITE }), 'acces')
  const devices = new Abi({ preopens: [onDisk('/dev')] })
  for (const name of ['null', 'zero', 'tty']) assert.equal(devices.open(name, { rights: READ }), 'acces')
  assert.equal((devices.stat('null') as { type: number }).type, 2)
})

test('nothing in a read-only directory can be changed, on the disk or in memory', (t) => {
  const { abi, inside } = disk(t, { readOnly: true })
  symlinkSync('file', join(inside, 'link'))
  const memory = new Abi({ preopens: [inMemory({ file: 'inside', folder: { deep: 'deep' } }, true)] })
  for (const each of [abi, memory]) {
    for (const path of ['file', 'link', 'folder/deep', './folder/../file']) {
      if (each === memory && path === 'link') continue
      assert.equal(each.open(path, { rights: WRITE }), 'notcapable')
      assert.equal(each.open(path, { rights: READ | WRITE }), 'notcapable')
      assert.equal(each.open(path, { rights: READ, truncate: true }), 'notcapable')
      assert.equal(each.open(path, { rights: READ, create: true }), 'notcapable')
      assert.equal(each.path('path_filestat_set_times', [ROOT, 1], path, 0n, 0n, 5), 'notcapable')
      assert.equal(each.path('path_unlink_file', [ROOT], path), 'notcapable')
      assert.equal(each.link(path, 'new'), 'notcapable')
      assert.equal(each.rename(path, 'new'), 'notcapable')
    }
    assert.equal(each.save('new', 'x'), 'notcapable')
    assert.equal(each.path('path_create_directory', [ROOT], 'new'), 'notcapable')
    assert.equal(each.path('path_remove_directory', [ROOT], 'folder'), 'notcapable')
    assert.equal(each.symlink('file', 'new'), 'notcapable')
    assert.equal(each.errno('fd_filestat_set_times', ROOT, 0n, 0n, 5), 'notcapable')
    const file = each.open('file', { rights: READ }) as number
    assert.equal(each.read(file), 'inside')
    for (const [name, ...args] of [
      ['fd_write', each.vector(0, 1), 1, each.room(4)],
      ['fd_pwrite', each.vector(0, 1), 1, 0n, each.room(4)],
      ['fd_allocate', 0n, 100n],
      ['fd_filestat_set_size', 0n],
      ['fd_filestat_set_times', 0n, 0n, 5],
      ['fd_fdstat_set_rights', WRITE, 0n],
    ] as const) {
      assert.equal(each.errno(name, file, ...args), 'notcapable', name)
    }
    // Nor by way of a directory below
    const folder = each.open('folder', { directory: true, rights: ((1n << 30n) - 1n) & ~WRITE }) as number
    assert.equal(each.open('deep', { from: folder, rights: WRITE }), 'notcapable')
    assert.equal(each.open('new', { from: folder, create: true, rights: READ }), 'notcapable')
  }
  assert.deepEqual(readdirSync(inside).sort(), ['file', 'folder', 'link'])
  assert.equal(readFileSync(join(inside, 'file'), 'utf8'), 'inside')
})

test('a directory that becomes a symlink while the guest has it open leads nowhere else', { skip: !existsSync('/proc/self/fd') }, (t) => {
  const { abi, inside, root } = disk(t)
  const folder = abi.open('folder', { directory: true, rights: ((1n << 30n) - 1n) & ~WRITE }) as number
  renameSync(join(inside, 'folder'), join(inside, 'moved'))
  symlinkSync('../outside', join(inside, 'folder'))
  assert.equal(abi.contents('deep', folder), 'deep')
  assert.equal(abi.open('secret', { from: folder, rights: READ }), 'noent')
  assert.equal(abi.path('path_create_directory', [folder], 'new'), 'success')
  assert.ok(lstatSync(join(inside, 'moved/new')).isDirectory())
  assert.deepEqual(readdirSync(join(root, 'outside')), ['secret'])
})

test('a directory that is swapped for a symlink between two looks at it is not followed', { skip: !existsSync('/proc/self/fd') }, (t) => {
  const { inside, root } = disk(t)
  const preopen = onDisk(inside)
  const { directory } = preopen
  const lookUp = directory.lookUp.bind(directory)
  // Right after it was seen to be a directory
  directory.lookUp = (name) => {
    const seen = lookUp(name)
    if (name === 'folder') {
      renameSync(join(inside, 'folder'), join(inside, 'moved'))
      symlinkSync('../outside', join(inside, 'folder'))
    }
    return seen
  }
  const abi = new Abi({ preopens: [preopen] })
  assert.match(String(abi.open('folder/secret', { rights: READ })), /^(loop|notdir)$/)
  assert.deepEqual(readdirSync(join(root, 'outside')), ['secret'])
})

test('a directory inside of another that was given is no way out, whatever is put in its place', (t) => {
  const root = temporaryTree(t, { 'inside/a/b/deep': 'deep', 'outside/b/secret': 'secret', 'outside/secret': 'secret' })
  const inside = join(root, 'inside')
  symlinkSync('../outside', join(inside, 'out'))
  for (const [given, moved] of [
    ['a/b', 'a'],
    ['a/b', 'a/b'],
  ] as const) {
    const preopens = () => [onDisk(inside), onDisk(join(inside, given))]
    const abi = new Abi({ preopens: preopens() })
    const other = new Abi({ preopens: preopens() })
    t.after(() => {
      for (const each of [abi, other]) each.gone.abort()
    })
    assert.equal(other.contents('deep', ROOT + 1), 'deep')
    assert.equal(abi.rename(moved, 'moved'), 'success')
    assert.equal(abi.rename('out', moved), 'success')
    assert.match(abi.contents('secret', ROOT + 1), /^(noent|notdir)$/)
    assert.match(String(abi.open('new', { from: ROOT + 1, create: true })), /^(noent|notdir)$/)
    // Who had it open still has it
    if (existsSync('/proc/self/fd')) assert.equal(other.contents('deep', ROOT + 1), 'deep')
    assert.equal(abi.rename(moved, 'out'), 'success')
    assert.equal(abi.rename('moved', moved), 'success')
    assert.equal(abi.contents('deep', ROOT + 1), 'deep')
  }
  assert.deepEqual(readdirSync(join(root, 'outside')), ['b', 'secret'])
})

test('rights that were given up do not come back', (t) => {
  const { abi } = disk(t)
  const rights = abi.room(24)
  abi.errno('fd_fdstat_get', ROOT, rights)
  const [base, inheriting] = [abi.view.getBigUint64(rights + 8, true), abi.view.getBigUint64(rights + 16, true)]
  assert.equal(abi.errno('fd_fdstat_set_rights', ROOT, base, inheriting & ~WRITE), 'success')
  assert.equal(abi.open('file', { rights: WRITE }), 'notcapable')
  assert.equal(abi.errno('fd_fdstat_set_rights', ROOT, base, inheriting), 'notcapable')
  assert.equal(abi.errno('fd_fdstat_set_rights', ROOT, 1n << 40n, 0n), 'notcapable')
  assert.equal(abi.errno('fd_fdstat_set_rights', ROOT, 0n, 0n), 'success')
  assert.equal(abi.open('file', { rights: READ }), 'notcapable')
  assert.equal(abi.stat('file'), 'notcapable')
  // Nor by the function that moves descriptors: a number that is not there is no source
  assert.equal(abi.errno('fd_renumber', 9, ROOT), 'badf')
})
