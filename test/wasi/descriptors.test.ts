import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { temporaryTree } from '../support/temporary-tree.ts'
import { Abi, onDisk, READ } from './abi.ts'

const open = (): number => readdirSync('/proc/self/fd').length

test('files and directories of the machine are closed when the instance is gone, listings too', { skip: process.platform !== 'linux' }, (t) => {
  const root = temporaryTree(t, { 'a/b/file': 'text', 'a/c': '' })
  const before = open()
  const abi = new Abi({ preopens: [onDisk(root)] })
  for (let each = 0; each < 5; each++) assert.equal(typeof abi.open('a/b/file', { rights: READ }), 'number')
  const folder = abi.open('a', { directory: true, rights: READ | (1n << 14n) }) as number
  assert.equal(abi.errno('fd_readdir', folder, abi.room(100), 100, 0n, abi.room(4)), 'success')
  assert.ok(open() >= before + 6)
  abi.gone.abort()
  assert.equal(open(), before)
})

test('nothing stays open of a path that was walked, wherever that ended', { skip: process.platform !== 'linux' }, (t) => {
  const root = temporaryTree(t, { 'a/b/c/file': 'text' })
  const abi = new Abi({ preopens: [onDisk(root)] })
  t.after(() => abi.gone.abort())
  abi.stat('.')
  const before = open()
  for (const path of ['a/b/c/file', 'a/b/c/none', 'a/b/../b/c', 'a/b/../../..', 'a/b/c/file/x', 'a/b/']) abi.stat(path)
  abi.open('a/b/c/file', { create: true, exclusive: true })
  abi.open('a/b/c/file', { directory: true })
  abi.rename('a/b/c/file', 'a/b/x/y')
  abi.link('a/b/c/file', 'a/b/c/file')
  assert.equal(open(), before)
  const file = abi.open('a/b/c/file') as number
  assert.equal(open(), before + 1)
  abi.errno('fd_renumber', file, 1)
  abi.errno('fd_close', 1)
  assert.equal(open(), before)
})
