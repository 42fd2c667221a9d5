import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Contents } from '../../src/wasi/contents.ts'
import { Quota } from '../../src/wasi/quota.ts'
import { Random } from '../fuzz/random.ts'

const MIB = 1024 * 1024

test('contents are what a plain array of bytes would be, through writes, cuts and growth', () => {
  const next = new Random(1)
  const quota = new Quota(MIB, 1)
  const contents = new Contents(quota)
  let model = new Uint8Array()
  for (let step = 0; step < 2000; step++) {
    const position = next.below(300_000)
    const length = next.below(step % 10 === 0 ? 150_000 : 300)
    if (step % 7 === 3) {
      contents.resize(position)
      const resized = new Uint8Array(position)
      resized.set(model.subarray(0, position))
      model = resized
    } else {
      const bytes = new Uint8Array(length).fill((step % 255) + 1)
      assert.equal(contents.write(bytes, position), length)
      if (length > 0) {
        const written = new Uint8Array(Math.max(model.length, position + length))
        written.set(model)
        written.set(bytes, position)
        model = written
      }
    }
    assert.equal(contents.size, model.length)
    const into = new Uint8Array(next.below(100_000)).fill(255)
    const from = next.below(320_000)
    const expected = model.subarray(from, from + into.length)
    assert.equal(contents.read(into, from), expected.length)
    assert.ok(Buffer.from(into.subarray(0, expected.length)).equals(expected), `step ${step}`)
  }
  assert.ok(Buffer.from(contents.bytes).equals(model))
  contents.clear()
  // Everything was paid back: all of it can be had again
  quota.takeBytes(MIB)
})

test('what it began with stays as it was for others', () => {
  const given = new TextEncoder().encode('given')
  const [one, other] = [new Contents(new Quota(MIB, 1)), new Contents(new Quota(MIB, 1))]
  one.begin(given)
  other.begin(given)
  one.write(new TextEncoder().encode('D'), 0)
  one.resize(3)
  assert.deepEqual(
    [one, other].map(({ bytes }) => new TextDecoder().decode(bytes)),
    ['Div', 'given'],
  )
  assert.equal(new TextDecoder().decode(given), 'given')
})

test('a byte far out takes the memory of a small piece', () => {
  const quota = new Quota(100 * MIB, 1)
  const contents = new Contents(quota)
  contents.write(Uint8Array.of(1), 100 * MIB - 1)
  quota.takeBytes(100 * MIB - 64 * 1024)
})

test('a write that does not fit whole writes what fits, and one that does not fit at all fails', () => {
  const quota = new Quota(256 * 1024, 1)
  const [one, other] = [new Contents(quota), new Contents(quota)]
  const bytes = new Uint8Array(128 * 1024).fill(7)
  assert.equal(one.write(bytes, 0), 128 * 1024)
  // The pieces of 64 KiB that this begins and ends in are paid for whole
  assert.equal(other.write(bytes, 32 * 1024), 96 * 1024)
  assert.equal(other.size, 128 * 1024)
  assert.throws(() => other.write(bytes, 128 * 1024), { message: 'nospc' })
  assert.throws(() => other.write(bytes, 256 * 1024), { message: 'fbig' })
  assert.equal(other.size, 128 * 1024)
  other.resize(0)
  assert.equal(other.write(bytes, 0), 128 * 1024)
})
