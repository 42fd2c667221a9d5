import assert from 'node:assert/strict'
import { test } from 'node:test'
import { alternate, Elapsed, inRounds } from '../../bench/alternate.ts'

const QUICK = { rounds: 4, quick: true }

/** Takes so many ms each time. */
const spin = (ms: number) => (times: number) => {
  for (const end = performance.now() + ms * times; performance.now() < end; );
}

test('each way has a time for each round, and the times are of one go', async () => {
  const { times, failures } = await inRounds({ short: spin(0.1), long: spin(2) }, QUICK)
  assert.deepEqual(failures, {})
  assert.deepEqual([times.short?.length, times.long?.length], [4, 4])
  for (const [name, least] of Object.entries({ short: 0.1e6, long: 2e6 }))
    for (const time of times[name] ?? []) assert.ok(time >= least * 0.99, `${name}: ${time}`)
})

test('warm-up takes 400 ms if nothing gets faster and a second if it always does, however few the rounds', async (t) => {
  let clock = 0
  t.mock.method(performance, 'now', () => clock)
  for (const rounds of [1, 15]) {
    for (const [faster, least] of [
      [1, 400],
      [0.9, 1_000],
    ] as const) {
      const began: number[] = []
      let cost = 1
      const work = (times: number) => {
        began.push(clock)
        clock += cost * times
        cost *= faster
      }
      await inRounds({ work }, { rounds, quick: false })
      const warmUp = (began.at(-rounds) as number) - (began[0] as number)
      // The last go of it begins before that, and takes a round at most
      assert.ok(warmUp >= least && warmUp <= least + 60, `${warmUp} ms before ${rounds} rounds`)
    }
  }
})

test('work that was timed elsewhere took what is said there, at once or later', async () => {
  const { times } = await inRounds({ now: (goes) => new Elapsed(goes * 1_000), later: async (goes) => new Elapsed(goes * 2_000) }, QUICK)
  assert.deepEqual(times, { now: Array(4).fill(1e9), later: Array(4).fill(2e9) })
})

test('rounds go forwards and backwards by turns', async () => {
  const order: string[] = []
  const told = (name: string) => () => void order.push(name)
  // What takes no time is calibrated with many goes; the last eight are the rounds
  await inRounds({ a: told('a'), b: told('b') }, QUICK)
  assert.deepEqual(order.slice(-8), ['a', 'b', 'b', 'a', 'a', 'b', 'b', 'a'])
})

test('a way that fails, at once or in a round, takes no other with it', async () => {
  let goes = 0
  const later = () => {
    spin(1)(1)
    if (++goes === 3) throw new Error('later')
  }
  const { times, failures } = await inRounds({ good: spin(0.5), atOnce: () => Promise.reject(new Error('at once')), later }, QUICK)
  assert.deepEqual(Object.keys(times), ['good'])
  assert.equal(times.good?.length, 4)
  assert.deepEqual(
    Object.entries(failures).map(([name, error]) => [name, (error as Error).message]),
    [
      ['atOnce', 'at once'],
      ['later', 'later'],
    ],
  )
  await assert.rejects(alternate({ good: spin(0.5), bad: () => Promise.reject(new Error('bad')) }, QUICK), /bad/)
})
