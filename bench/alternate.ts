/** Compares ways to do a thing in one run: by turns, so that whatever slows the machine down slows all of them. */
import { Samples } from '../examples/gateway/samples.ts'

/** Does the work so many times. */
export type Work = (times: number) => unknown

/** A round of one way takes about so long, ms: long enough for the clock, short enough for many rounds. */
const ROUND = 60
const QUICK_ROUND = 1
/** V8 compiles twice, the second time in the background: until it has, figures are not to be trusted. */
const WARM_UP = 400

/** Nanoseconds that each way takes once, a sample for each round. */
export async function alternate<K extends string>(ways: Record<K, Work>, { rounds, quick }: { rounds: number; quick: boolean }): Promise<Record<K, Samples>> {
  const entries = Object.entries(ways) as [K, Work][]
  const samples = Object.fromEntries(entries.map(([name]) => [name, new Samples()])) as Record<K, Samples>
  const times = new Map<K, number>()
  for (const [name, work] of entries) times.set(name, await calibrate(work, quick))
  for (let round = 0; round < rounds; round++) {
    // Every other round the other way round, so that none always follows the same one
    for (const [name, work] of round % 2 === 0 ? entries : entries.toReversed()) {
      const count = times.get(name) as number
      samples[name].add(((await timed(work, count)) * 1e6) / count)
    }
  }
  return samples
}

/** Warms up, and finds how often the work fits a round. */
async function calibrate(work: Work, quick: boolean): Promise<number> {
  const [round, warmUp] = quick ? [QUICK_ROUND, 0] : [ROUND, WARM_UP]
  let times = 1
  let took = await timed(work, times)
  const began = performance.now()
  while (took < round / 4 || performance.now() - began < warmUp) {
    if (took < round / 2) times *= 2
    took = await timed(work, times)
  }
  return Math.max(1, Math.round((times * round) / took))
}

async function timed(work: Work, times: number): Promise<number> {
  const began = performance.now()
  const done = work(times)
  if (done instanceof Promise) await done
  return performance.now() - began
}
