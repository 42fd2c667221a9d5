/** The same bytes under the same settings are guarded and compiled once. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { preparations, preparedOnce } from '../../src/host/preparations.ts'
import { type Prepared, prepare } from '../../src/host/prepare.ts'
import { Host } from '../../src/index.ts'
import { CAPS } from '../../src/limits.ts'
import { collectGarbage } from '../support/garbage.ts'
import { failure } from '../support/host.ts'
import { wat } from '../support/wat.ts'

const never = new AbortController().signal
/** Above what a host guards by itself. Says what its memory holds, and adds to that. */
const counting = (difference: number) =>
  wat(`(module (memory 1 4) (data (i32.const 64) "${'x'.repeat(8_000)}")
    (func (export "count") (result i32)
      (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const ${difference})))
      (i32.load (i32.const 0))))`)
const prepared = (bytes: Uint8Array<ArrayBuffer>, options = {}) => prepare(bytes.slice(), options, never)

const one = new Host()
const other = new Host()
after(() => Promise.all([one.close(), other.close()]))

test('loads of the same bytes share the compiled code, at the same time and later', async () => {
  const bytes = counting(1)
  const [a, b] = await Promise.all([prepared(bytes), prepared(bytes)])
  const c = await prepared(bytes)
  assert.equal(a.compiled, b.compiled)
  assert.equal(a.compiled, c.compiled)
  assert.deepEqual(a.type, c.type)
  assert.deepEqual(a.abi, c.abi)
})

test('other bytes, or any other setting, make another module', async () => {
  const bytes = counting(2)
  const settings = [
    {},
    { memoryLimit: 65_536 },
    { memoryLimit: 131_072 },
    { fuel: true },
    { deterministic: true },
    { fuel: { default: 2 } },
    { caps: { ...CAPS, growth: 5 } },
    { caps: { ...CAPS, growth: Number.POSITIVE_INFINITY } },
  ]
  const all: Prepared[] = []
  for (const options of settings) all.push(await prepared(bytes, options))
  all.push(await prepared(counting(3)))
  assert.equal(new Set(all.map(({ compiled }) => compiled)).size, settings.length + 1)
})

test('modules of one code have nothing else in common, in one host and in two', async () => {
  const bytes = counting(4)
  const modules = await Promise.all([one.loadModule('a', bytes), one.loadModule('b', bytes), other.loadModule('a', bytes)])
  for (const module of modules) for (const count of [4, 8]) assert.deepEqual(await module.call('count'), [count])
  await modules[0]?.close()
  assert.deepEqual(await modules[1]?.call('count'), [12])
})

test('a load that is aborted leaves those that wait for the same', async () => {
  const bytes = counting(5)
  const cancel = new AbortController()
  const reason = new Error('changed my mind')
  const first = failure(prepare(bytes.slice(), {}, cancel.signal), 'aborted')
  const second = prepared(bytes)
  // It is under way, and no answer can come before the next turn
  for (let microtask = 0; microtask < 20; microtask++) await undefined
  cancel.abort(reason)
  assert.equal((await first).cause, reason)
  const { compiled } = await second
  assert.equal((await prepared(bytes)).compiled, compiled)
  await failure(prepare(bytes.slice(), {}, cancel.signal), 'aborted')
})

test('a load that is aborted while its bytes are hashed ends in the next turn, and nothing is prepared', async () => {
  const cancel = new AbortController()
  let isOver = false
  const aborted = failure(
    preparedOnce(new Uint8Array(64 * 1024 * 1024), {}, cancel.signal, () => assert.fail('it was prepared')),
    'aborted',
  ).finally(() => {
    isOver = true
  })
  await new Promise(setImmediate)
  cancel.abort()
  let turns = 0
  for (; !isOver; turns++) await new Promise(setImmediate)
  await aborted
  // A megabyte each turn: the rest would have taken sixty
  assert.ok(turns < 10, `${turns} turns`)
})

test('a failure is of all who wait for it, and is not kept', async () => {
  const cut = counting(6).slice(0, -10)
  const before = preparations()
  const failures = await Promise.all([failure(prepared(cut), 'malformed'), failure(prepared(cut), 'malformed')])
  assert.equal(failures[0], failures[1])
  assert.notEqual(await failure(prepared(cut), 'malformed'), failures[0])
  // Of others, some may have been collected meanwhile
  assert.ok(preparations() <= before)
})

test('what nobody has any more goes, and is made again for who asks', async () => {
  const bytes = counting(7)
  // Two modules of one code live in this file by then, in `one` and `other`: nobody has any other
  const living = 1
  const loadAndClose = async () => (await one.loadModule('short', bytes)).close()
  await loadAndClose()
  for (let round = 0; round < 100 && preparations() > living; round++) {
    collectGarbage()
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  assert.equal(preparations(), living)
  assert.deepEqual(await (await one.loadModule('again', bytes)).call('count'), [7])
})
