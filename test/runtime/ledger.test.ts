import assert from 'node:assert/strict'
import { test } from 'node:test'
import { getHeapStatistics } from 'node:v8'
import { giveStack, Ledger, shareProcess, takeStack } from '../../src/runtime/ledger.ts'

const PAGE = 65_536
const memory = (pages: number) => new WebAssembly.Memory({ initial: pages, maximum: 1_000 })
const table = (length: number) => new WebAssembly.Table({ initial: length, maximum: 1_000, element: 'anyfunc' })
const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** What is used and dropped, in pages. */
function pages({ used, dropped }: Ledger): readonly [number, number] {
  return [used / PAGE, dropped / PAGE]
}

/** Held and released again, in a frame of its own: nothing on the stack holds the memory afterwards. */
function holdAndRelease(ledger: Ledger, size: number): void {
  const holding = ledger.hold([memory(size)], [], false)
  assert.equal(holding.look(), undefined)
  holding.release()
}

test('memories count as they grow, once they are looked at', () => {
  const ledger = new Ledger(100 * PAGE)
  const [small, large] = [memory(1), memory(9)]
  const holding = ledger.hold([small, large], [], false)
  assert.equal(holding.look(), undefined)
  assert.deepEqual(pages(ledger), [10, 0])
  small.grow(5)
  assert.deepEqual(pages(ledger), [10, 0])
  assert.equal(holding.look(), undefined)
  assert.deepEqual(pages(ledger), [15, 0])
})

test('growth above the limit is an excess, with figures; what does not grow is none', () => {
  const ledger = new Ledger(10 * PAGE)
  const [first, second] = [memory(5), memory(5)]
  const [one, other] = [ledger.hold([first], [], false), ledger.hold([second], [], false)]
  assert.equal(one.look(), undefined)
  assert.equal(other.look(), undefined)
  first.grow(1)
  const excess = one.look() ?? assert.fail('no excess')
  assert.deepEqual(excess.figures, { used: 11 * PAGE, dropped: 0, limit: 10 * PAGE })
  assert.equal(other.look(), undefined, 'it has not grown')
  assert.equal(one.look(), undefined, 'nor has it since')
})

test('what is dropped counts until it is collected', async () => {
  const ledger = new Ledger(10 * PAGE)
  holdAndRelease(ledger, 8)
  assert.deepEqual(pages(ledger), [0, 8])
  const early = ledger.hold([memory(3)], [], false)
  const excess = early.look() ?? assert.fail('there was no room')
  assert.deepEqual(excess.figures, { used: 3 * PAGE, dropped: 8 * PAGE, limit: 10 * PAGE })
  await nextTurn()
  const grown = memory(4)
  assert.equal(ledger.hold([grown], [], false).look(), undefined, 'collected for who has no room otherwise')
  assert.deepEqual(pages(ledger), [7, 0])
})

test('in one turn the engine is made to collect once: what was dropped since is left to the next', async () => {
  await nextTurn()
  const ledger = new Ledger(20 * PAGE)
  holdAndRelease(ledger, 18)
  assert.ok(ledger.hold([memory(3)], [], false).look() !== undefined)
  holdAndRelease(ledger, 16)
  assert.equal(ledger.hold([memory(1)], [], false).look(), undefined)
  assert.ok(ledger.hold([memory(17)], [], false).look() !== undefined, 'what is live counts in any turn')
})

test('a memory that several instances hold counts once, until the last lets go; one that is held again is not dropped any more', () => {
  const ledger = new Ledger(100 * PAGE)
  const shared = memory(6)
  const first = ledger.hold([shared], [], false)
  const second = ledger.hold([shared], [], false)
  first.look()
  second.look()
  assert.deepEqual(pages(ledger), [6, 0])
  shared.grow(1)
  second.look()
  first.look()
  assert.deepEqual(pages(ledger), [7, 0])
  first.release()
  assert.deepEqual(pages(ledger), [7, 0])
  const { dropped } = ledger.usage.memories
  second.release()
  assert.deepEqual(pages(ledger), [0, 7])
  assert.equal(ledger.usage.memories.dropped, dropped + 1)
  const third = ledger.hold([shared], [], false)
  assert.deepEqual(pages(ledger), [7, 0])
  assert.equal(ledger.usage.memories.dropped, dropped)
  third.release()
  assert.deepEqual(pages(ledger), [0, 7])
})

test('what grew unseen counts when it is dropped', () => {
  const ledger = new Ledger(100 * PAGE)
  const grown = memory(1)
  const holding = ledger.hold([grown], [], false)
  holding.look()
  grown.grow(4)
  holding.release()
  assert.deepEqual(pages(ledger), [0, 5])
})

test('one that shares is looked at when another that shares is, and not otherwise', () => {
  const ledger = new Ledger(10 * PAGE)
  const hidden = memory(1)
  const sharing = ledger.hold([hidden], [], true)
  sharing.look()
  const alone = ledger.hold([], [], false)
  const caller = ledger.hold([], [], true)
  hidden.grow(50)
  assert.equal(alone.look(), undefined)
  assert.equal(caller.look()?.figures.used, 51 * PAGE)
  sharing.release()
  assert.equal(ledger.sharing.size, 1)
})

test('table elements, instances, memories and stacks are counted, each until it is gone', () => {
  const ledger = new Ledger(100 * PAGE)
  const before = ledger.usage
  const growing = table(10)
  const holding = ledger.hold([memory(2)], [growing, table(5)], false)
  const second = ledger.hold([], [growing], false)
  holding.look()
  growing.grow(3)
  second.look()
  takeStack()
  const { memory: bytes, instances, memories, elements, stacks } = ledger.usage
  assert.deepEqual(bytes, { used: 2 * PAGE, dropped: 0, limit: 100 * PAGE })
  assert.equal(instances, 2)
  assert.equal(memories.live - before.memories.live, 1)
  assert.equal(elements.used - before.elements.used, 18)
  assert.equal(stacks - before.stacks, 1)
  giveStack()
  holding.release()
  assert.equal(ledger.usage.elements.used - before.elements.used, 13, 'the shared one is held still')
  second.release()
  const after = ledger.usage
  assert.deepEqual([after.elements.used, after.instances, after.stacks], [before.elements.used, 0, before.stacks])
  assert.deepEqual(after.memory, { used: 0, dropped: 2 * PAGE, limit: 100 * PAGE })
  assert.deepEqual(after.memories, { live: before.memories.live, dropped: before.memories.dropped + 1 })
})

test('what the engine may come to keep for live instances may be a quarter of the heap', () => {
  const ledger = new Ledger(100 * PAGE)
  const module = new WebAssembly.Module(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]))
  const most = Math.floor(getHeapStatistics().heap_size_limit / 4)
  ledger.admit(module, 0, most)
  const holding = ledger.hold([], [], false, most - 5)
  ledger.admit(module, 0, 5)
  assert.throws(() => ledger.admit(module, 0, 6), { code: 'limit-exceeded', figures: { used: most - 5, needed: 6, limit: most } })
  holding.release()
  ledger.admit(module, 0, most)
})

test('what the kernel tells of the process is part of it', { skip: process.platform === 'linux' ? false : 'the kernel does not tell' }, () => {
  const ledger = new Ledger(100 * PAGE)
  shareProcess(1)
  ledger.admit(new WebAssembly.Module(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])), 1)
  const { addressSpace, mappings } = ledger.usage
  for (const share of [addressSpace, mappings]) assert.ok(share !== undefined && share.used > 0 && share.used < share.limit, JSON.stringify(share))
})
