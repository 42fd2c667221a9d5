/** The part of a large memory that a guest could touch too late for its deadline is touched before it runs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { prepare } from '../../src/host/prepare.ts'
import { Host } from '../../src/index.ts'
import { Account } from '../../src/runtime/account.ts'
import { now } from '../../src/runtime/clock.ts'
import { isLarge, touchMemories } from '../../src/runtime/fresh-memory.ts'
import { wat } from '../support/wat.ts'

const MiB = 1024 * 1024
const memory = (mebibytes: number) => new WebAssembly.Memory({ initial: mebibytes * 16 })
const resident = () => process.memoryUsage().rss / MiB

/** Turns of the event loop that something takes. */
async function turns(work: Promise<unknown>): Promise<number> {
  let taken = 0
  let isOver = false
  void work.then(() => {
    isOver = true
  })
  while (!isOver) {
    await new Promise(setImmediate)
    taken++
  }
  return taken
}

test('up to 16 MiB, all memories together, is left to the guest', () => {
  assert.equal(isLarge({ memories: [], stopped: false }), false)
  assert.equal(isLarge({ memories: [memory(8), memory(8)], stopped: false }), false)
  assert.equal(isLarge({ memories: [memory(8), memory(9)], stopped: false }), true)
})

test('the rest becomes resident, over many turns, and keeps what it holds', async () => {
  const memories = [memory(10), memory(100)]
  const bytes = new Uint8Array((memories[1] as WebAssembly.Memory).buffer)
  bytes[64 * MiB] = 7
  const before = resident()
  const account = new Account(1)
  const taken = await turns(touchMemories({ memories, stopped: false }, account))
  assert.ok(account.used(now()) > 0, 'its account is charged')
  assert.ok(resident() - before > 80, `${resident() - before} MiB of 94 became resident`)
  assert.ok(taken >= 40, `it took ${taken} turns`)
  assert.equal(bytes[64 * MiB], 7)
  assert.equal(bytes[64 * MiB + 4_096], 0)
})

test('an instance that is dropped meanwhile is left alone, and the next one gets its turn', async () => {
  const dropped = { memories: [memory(100)], stopped: false }
  const other = { memories: [memory(40)], stopped: false }
  const before = resident()
  const both = [touchMemories(dropped, new Account(1)), touchMemories(other, new Account(1))]
  dropped.stopped = true
  await Promise.all(both)
  assert.ok(resident() - before < 60)
})

test('whose account has used less comes first: nobody waits behind all instances of somebody else', async () => {
  const [many, other] = [new Account(1), new Account(1)]
  many.charge(1_000)
  const done: string[] = []
  const touched = async (name: string, account: Account) => {
    await touchMemories({ memories: [memory(40)], stopped: false }, account)
    done.push(name)
  }
  await Promise.all([touched('one of many', many), touched('one of many', many), touched('other', other)])
  assert.deepEqual(done, ['other', 'one of many', 'one of many'])
})

test('a host does it before the start function, and the load goes on', async () => {
  const host = new Host({ execTimeout: 5_000 })
  const text =
    '(module (memory 1024) (global $seen (mut i32) (i32.const 0)) (start $s) (func $s (global.set $seen (memory.size))) (func (export "seen") (result i32) (global.get $seen)))'
  const load = host.loadModule('large', wat(text))
  const taken = await turns(load)
  assert.ok(taken >= 20, `it took ${taken} turns`)
  assert.deepEqual(await (await load).call('seen'), [1_024])
  await host.close()
})

test('a load that is aborted meanwhile ends so, and touches no more', async () => {
  const host = new Host()
  const cancel = new AbortController()
  // 250 turns of touching; and the engine has compiled it before, since that may take any number of turns
  const bytes = wat('(module (memory 8192))')
  const memoryLimit = 512 * MiB
  const { compiled } = await prepare(bytes.slice(), { memoryLimit }, new AbortController().signal)
  const load = host.loadModule('large', bytes, { memoryLimit, signal: cancel.signal }).catch((error: { code: string }) => error.code)
  for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate)
  cancel.abort()
  const taken = await turns(load)
  assert.ok(taken < 150, `${taken} turns`)
  assert.ok(compiled)
  assert.equal(await load, 'aborted')
  assert.equal(host.modules.size, 0)
  await host.close()
})
