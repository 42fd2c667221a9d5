/** Messages that cross as numbers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Order, Report } from '../../src/threads/messages.ts'
import { newNumbers } from '../../src/threads/number-ring.ts'
import { Packer, Unpacker } from '../../src/threads/packing.ts'

/** A call as most are, of so many arguments. */
const call = (id: number, args: Extract<Order, { verb: 'call' }>['args'] = [id, 2]) =>
  ({ verb: 'call', id, guest: 3, signature: 4, args, began: 1_234.5 + id }) satisfies Order
const answer = (id: number, value: unknown = [id]) => ({ verb: 'answer', id, value }) satisfies Report

/** Both ends, in one thread. */
function line(numbers = newNumbers()) {
  const [packer, unpacker] = [new Packer(numbers), new Unpacker<Order | Report>(numbers)]
  return {
    pack: <Of extends Order | Report>(batch: readonly Of[]) => packer.pack(batch),
    unpack: (packed: number | readonly (Order | Report)[]) => unpacker.unpack(packed),
  }
}

test('calls, answers and figures of numbers come as they went, and no object is posted for them', () => {
  const { pack, unpack } = line()
  const batch = [call(0), call(1, []), call(2, [1.5, -0, Number.POSITIVE_INFINITY, Number.NaN, 2 ** 53]), call(2 ** 40)]
  const reports: Report[] = [{ verb: 'ran', guest: 1, calls: 2, cpu: 0.25 }, answer(0, []), answer(1, [-0, Number.NaN])]
  for (const each of [batch, reports]) {
    const packed = pack<Order | Report>(each)
    assert.equal(packed, each.length)
    assert.deepEqual(unpack(packed), each)
  }
})

const UNUSUAL: readonly (Order | Report)[] = [
  { ...call(1), allowance: { timeout: 5, cpuTimeout: 6, fuel: 7n } },
  { ...call(1), hasSignal: true },
  { ...call(1), isObserved: true },
  { ...call(1), isInner: true },
  call(1, [1n]),
  call(1, ['1']),
  call(1, [1, null]),
  call(1, [{ bytes: new Uint8Array(1) }]),
  { verb: 'close', id: 1, guest: 2 },
  { verb: 'answer', id: 1 },
  { verb: 'answer', id: 1, value: undefined },
  answer(1, 5),
  answer(1, [1, 2n]),
  answer(1, { length: 0 }),
  { ...answer(1), lease: { lease: 1, memorySize: 2 } },
  { ...answer(1), figures: { cpu: 1, fuel: undefined, slices: 1, ran: true } },
  { verb: 'answer', id: 1, threw: 5 },
  { verb: 'stats', guest: 1, stats: {} as never, memorySize: 5 },
]

test('a message with anything else to say is posted whole, with those beside it, and leaves nothing behind', () => {
  const { pack, unpack } = line()
  for (const unusual of UNUSUAL) {
    const batch = [call(1), unusual, call(2)]
    const packed = pack<Order | Report>(batch)
    assert.equal(packed, batch, JSON.stringify(Object.keys(unusual)))
    assert.equal(unpack(packed), batch)
    assert.deepEqual(unpack(pack([call(3)])), [call(3)])
  }
})

/** So many have been read that the next ones do not fit a number of 32 bits. */
function aged() {
  const numbers = newNumbers()
  Atomics.store(numbers.read, 0, 2 ** 31 - 5_000)
  return numbers
}

test('what there is no room for is posted whole, and what is read makes room', () => {
  const ran = (calls: number) => ({ verb: 'ran', guest: 1, calls, cpu: 0.5 }) satisfies Report
  for (const numbers of [newNumbers(), aged()]) {
    const { pack, unpack } = line(numbers)
    for (const [make, size] of [[call, 8] as const, [answer, 4] as const, [ran, 4] as const]) {
      const batch = Array.from({ length: 100 }, (_, id) => make(id))
      const posted: (number | readonly (Order | Report)[])[] = []
      while (typeof posted.at(-1) !== 'object') posted.push(pack(batch))
      const rest = Array.from({ length: 300 }, (_, id) => pack<Order | Report>([make(id)]))
      const room = 100 * (posted.length - 1) + rest.filter((packed) => packed === 1).length
      assert.equal(room, 8_192 / size)
      for (const packed of posted) assert.deepEqual(unpack(packed), batch)
      rest.forEach((packed, id) => void assert.deepEqual(unpack(packed), [make(id)]))
      assert.equal(pack(batch), batch.length)
      unpack(batch.length)
    }
    const values = Array.from({ length: 8_190 }, (_, at) => at)
    assert.equal(typeof pack([answer(0, values)]), 'object')
    assert.deepEqual(unpack(pack([answer(0, values.slice(1))])), [answer(0, values.slice(1))])
  }
})

test('the same memory serves for as long as it is there: its places and the counts of them begin anew', () => {
  const numbers = aged()
  const { pack, unpack } = line(numbers)
  let next = 0
  for (let round = 0; round < 3_000; round++) {
    const batches = Array.from({ length: 3 }, (_, size) => Array.from({ length: size * 7 + 1 }, () => call(next++)))
    const posted = batches.map((batch) => pack(batch))
    assert.deepEqual(posted, [1, 8, 15])
    for (const [at, packed] of posted.entries()) assert.deepEqual(unpack(packed), batches[at])
  }
  assert.ok(Atomics.load(numbers.read, 0) < 0)
})

test('a NaN has one form on the other side', () => {
  const { pack, unpack } = line()
  const odd = new Float64Array(new BigUint64Array([0xfff8_0000_0000_deadn]).buffer)[0] as number
  const [read] = unpack(pack([call(0, [odd])])) as [ReturnType<typeof call>]
  assert.equal(new BigUint64Array(Float64Array.from(read.args as number[]).buffer)[0], 0x7ff8_0000_0000_0000n)
})
