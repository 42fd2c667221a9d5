import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { awaitCollection, type Dropped, dropMemory, isPiledUp, stopWaiting, takeBack } from '../../src/runtime/dropped-memory.ts'
import { collectGarbage } from '../support/garbage.ts'

const MiB = 1024 * 1024
/** What the engine was told of, MiB. */
const told: number[] = []
globalThis.ArrayBuffer = new Proxy(ArrayBuffer, {
  construct(target, [size]: [number]) {
    told.push(size / MiB)
    return new target(0)
  },
})
mock.timers.enable({ apis: ['setTimeout'] })
const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** Never collected, since somebody holds it: what happens then is what is tested here. */
const held: [WebAssembly.Memory, Dropped][] = []
function drop(mebibytes: number): void {
  const memory = new WebAssembly.Memory({ initial: 0 })
  const record = { memory: new WeakRef(memory), size: mebibytes * MiB, collected: () => undefined }
  held.push([memory, record])
  dropMemory(memory, record)
}
function takeAllBack(): void {
  for (const [, record] of held) takeBack(record)
  pass(500)
}

/** One after the other, so that a timer may set the next one. */
function pass(ms: number): void {
  for (let passed = 0; passed < ms; passed++) mock.timers.tick(1)
}

/** What is told in so many ms, MiB. */
function toldIn(ms: number): number[] {
  told.length = 0
  pass(ms)
  return [...told]
}

test('above 64 MiB the engine is told in the next turn, and again while it collects nothing, five times after the last drop', async () => {
  drop(60)
  await nextTurn()
  assert.deepEqual(told, [])
  drop(10)
  assert.deepEqual(told, [], 'now something on the stack holds it')
  for (let turn = 0; turn < 20; turn++) {
    await nextTurn()
    drop(1)
  }
  assert.deepEqual(told, [72], 'what is told adds up: more, and the engine stops everything at once')
  assert.deepEqual(toldIn(19), [])
  assert.deepEqual(toldIn(5_000), new Array(5).fill(72))
  takeAllBack()
})

test('above 64 MiB much is piled up, until somebody who holds it has been waited for long enough', async () => {
  const woken: string[] = []
  drop(64)
  assert.equal(isPiledUp(), false)
  drop(1)
  assert.equal(isPiledUp(), true)
  awaitCollection(() => woken.push('first'))
  const second = () => woken.push('second')
  awaitCollection(second)
  stopWaiting(second)
  await nextTurn()
  pass(4 * 20)
  await nextTurn()
  assert.deepEqual([isPiledUp(), woken], [true, []])
  pass(5 * 500)
  assert.deepEqual([isPiledUp(), woken], [false, []])
  await nextTurn()
  assert.deepEqual(woken, ['first'])
  assert.deepEqual(toldIn(5_000), [], 'nobody is told any more')
  drop(1)
  assert.equal(isPiledUp(), true, 'whoever drops more waits anew')
  takeAllBack()
})

test('who waits goes on when what was dropped is taken back before the engine is told', async () => {
  let isWoken = false
  drop(70)
  awaitCollection(() => {
    isWoken = true
  })
  for (const [, record] of held) takeBack(record)
  for (let turn = 0; turn < 5 && !isWoken; turn++) await nextTurn()
  assert.equal(isWoken, true)
})

test('who waits goes on as soon as the engine has collected', async () => {
  let isWoken = false
  const drops = () => {
    const memory = new WebAssembly.Memory({ initial: 0 })
    dropMemory(memory, { memory: new WeakRef(memory), size: 200 * MiB, collected: () => undefined })
  }
  drops()
  assert.equal(isPiledUp(), true)
  awaitCollection(() => {
    isWoken = true
  })
  await nextTurn()
  assert.equal(isWoken, false)
  for (let round = 0; round < 10 && isPiledUp(); round++) {
    collectGarbage()
    await nextTurn()
  }
  // No timer runs here that could
  for (let turn = 0; turn < 5 && !isWoken; turn++) await nextTurn()
  assert.deepEqual([isPiledUp(), isWoken], [false, true])
  pass(500)
})

test('above 512 MiB the engine is to collect at once, but not twice in a turn', async () => {
  await nextTurn()
  told.length = 0
  drop(600)
  drop(600)
  assert.deepEqual(told, [2_048])
  await nextTurn()
  drop(1)
  assert.deepEqual(told, [2_048, 72, 2_048])
  takeAllBack()
})
