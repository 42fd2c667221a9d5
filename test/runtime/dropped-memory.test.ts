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
  pass(50)
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

test('the engine is told above 64 MiB, of 64, not again before 50 ms have passed, and ten times after the last drop', async () => {
  drop(60)
  assert.deepEqual(told, [])
  drop(10)
  for (let turn = 0; turn < 20; turn++) {
    drop(1)
    await nextTurn()
  }
  assert.deepEqual(told, [64], 'what is told adds up: more, and the engine stops everything at once')
  assert.deepEqual(toldIn(49), [])
  assert.deepEqual(toldIn(1), [64])
  assert.deepEqual(toldIn(2_000), new Array(9).fill(64))
  takeAllBack()
})

test('above 128 MiB much is piled up, until somebody who holds it has been waited for long enough', async () => {
  const woken: string[] = []
  drop(128)
  assert.equal(isPiledUp(), false)
  drop(1)
  assert.equal(isPiledUp(), true)
  awaitCollection(() => woken.push('first'))
  const second = () => woken.push('second')
  awaitCollection(second)
  stopWaiting(second)
  pass(450)
  await nextTurn()
  assert.deepEqual([isPiledUp(), woken], [true, []])
  pass(50)
  assert.deepEqual([isPiledUp(), woken], [false, []])
  await nextTurn()
  assert.deepEqual(woken, ['first'])
  assert.deepEqual(toldIn(2_000), [], 'the engine was told ten times')
  drop(1)
  assert.equal(isPiledUp(), true, 'whoever drops more waits anew')
  takeAllBack()
})

test('who waits goes on in the turn after the engine has collected', async () => {
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
  await nextTurn()
  assert.deepEqual([isPiledUp(), isWoken], [false, true])
  pass(50)
})

test('above 512 MiB the engine is to collect at once, but not twice in a turn', async () => {
  told.length = 0
  drop(600)
  drop(600)
  assert.deepEqual(told, [2_048, 64])
  await nextTurn()
  drop(1)
  assert.deepEqual(told, [2_048, 64, 2_048])
  takeAllBack()
})
