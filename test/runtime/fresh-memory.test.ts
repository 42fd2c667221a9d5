/** The part of a large memory that a guest could touch too late for its deadline is touched before it runs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { attachHook, MAX_CREDIT, makeHook } from '../../src/abi.ts'
import { guard } from '../../src/guard/guard.ts'
import { prepare } from '../../src/host/prepare.ts'
import { Host } from '../../src/index.ts'
import { Account } from '../../src/runtime/account.ts'
import { now } from '../../src/runtime/clock.ts'
import { type Fresh, isLarge, Touching } from '../../src/runtime/fresh-memory.ts'
import { wat } from '../support/wat.ts'

const MiB = 1024 * 1024
const memory = (mebibytes: number) => new WebAssembly.Memory({ initial: mebibytes * 16 })
const touchMemories = (fresh: Fresh, account: Account) => new Touching(fresh, account).done
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

test('up to 1.25 MiB, all memories together, is left to the guest', () => {
  const pages = (initial: number) => new WebAssembly.Memory({ initial })
  assert.equal(isLarge({ memories: [], stopped: false }), false)
  assert.equal(isLarge({ memories: [pages(10), pages(10)], stopped: false }), false)
  assert.equal(isLarge({ memories: [pages(10), pages(11)], stopped: false }), true)
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

test('what is not wanted any more ends in the next turn, whoever else comes first', async () => {
  const [many, other] = [new Account(1), new Account(1)]
  many.charge(1_000)
  const cancel = new AbortController()
  const dropped = { memories: [memory(10)], stopped: false }
  const all = touchMemories({ memories: [memory(100)], stopped: false }, other)
  const unwanted = [new Touching({ memories: [memory(10)], stopped: false }, many, cancel.signal).done, touchMemories(dropped, many)]
  await new Promise(setImmediate)
  cancel.abort()
  dropped.stopped = true
  assert.ok((await turns(Promise.all(unwanted))) <= 2)
  await all
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

/** How often the kernel had to provide or replace a page while something ran. 0 where it does not tell. */
function faultsOf(work: () => unknown): number {
  const before = process.resourceUsage().minorPageFault
  work()
  return process.resourceUsage().minorPageFault - before
}

/** Not of the pages in question: the heap grows, code is compiled. */
const OTHER_FAULTS = 600
const ALL_READ_THEN_WRITTEN = `(func (export "run") (local $at i32)
  (loop $l (drop (i32.load (local.get $at))) (br_if $l (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 4096))) (i32.shl (memory.size) (i32.const 16)))))
  (local.set $at (i32.const 0))
  (loop $l (i32.store (local.get $at) (i32.const 1)) (br_if $l (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 4096))) (i32.shl (memory.size) (i32.const 16))))))`

test('a guest that reads every page and then writes them all finds them there: the kernel need not replace its page of zeros', async () => {
  const bytes = wat(`(module (memory 256) ${ALL_READ_THEN_WRITTEN})`)
  const raw = new WebAssembly.Instance(new WebAssembly.Module(bytes))
  const alone = faultsOf(raw.exports.run as () => void)
  const host = new Host({ execTimeout: 10_000 })
  const module = await host.loadModule('reader', bytes)
  const hosted = faultsOf(() => module.callSync('run'))
  // The system may have larger pages, and so fewer faults on either side; or none that are told
  assert.ok(hosted <= alone / 8 + OTHER_FAULTS, `${hosted} page faults, ${alone} in V8 alone`)
  await host.close()
})

test('what is touched is written first, and never read: that is one fault a page, not two', async () => {
  const pages = (40 * MiB) / 4_096
  const touching = new Touching({ memories: [memory(40)], stopped: false }, new Account(1))
  const byHost = faultsOf(() => touching.finish())
  assert.ok(byHost <= 1.5 * pages, `${byHost} page faults for ${pages} pages`)
  await touching.done
  const { bytes, abi } = guard(wat('(module (memory 1) (func (export "grow") (drop (memory.grow (i32.const 640)))))'))
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes))
  attachHook(instance, abi, makeHook({ poll: () => MAX_CREDIT }))
  const byHelper = faultsOf(instance.exports.grow as () => void)
  assert.ok(byHelper <= 1.5 * pages, `${byHelper} page faults for ${pages} pages`)
})

test('one that is finished ahead of its turn leaves the others theirs: a part each turn', async () => {
  const hurried = new Touching({ memories: [memory(10)], stopped: false }, new Account(1))
  hurried.finish()
  const taken = await turns(touchMemories({ memories: [memory(100)], stopped: false }, new Account(1)))
  assert.ok(taken >= 40, `it took ${taken} turns`)
})

test('a synchronous call, which cannot wait, has the rest of 16 MiB touched at once; one of more is busy until the turns are over', async () => {
  const host = new Host({ execTimeout: 10_000 })
  for (const [pages, next] of [
    [256, 'ok'],
    [257, 'busy'],
  ] as const)
    for (const reuse of ['always', 'never'] as const) {
      const module = await host.loadModule(
        `${pages} ${reuse}`,
        wat(`(module (memory ${pages}) (func (export "spin") (loop $l (br $l))) ${ALL_READ_THEN_WRITTEN})`),
        { reuse },
      )
      const call = (name: string, timeout: number) => {
        try {
          module.callSync(name, [], { timeout })
          return 'ok'
        } catch (error) {
          return (error as { code: string }).code
        }
      }
      assert.equal(call('spin', 5), 'deadline')
      let outcome = ''
      const faults = faultsOf(() => {
        outcome = call('run', 10_000)
      })
      assert.equal(outcome, next, `${pages} pages, ${reuse}`)
      assert.ok(faults <= 256 * 16 + OTHER_FAULTS, `${faults} page faults`)
      assert.equal((await module.call('run')).length, 0)
    }
  await host.close()
})
