/** Compares ways to do a thing in one run: by turns, so that whatever slows the machine down slows all of them. */
import { Samples } from '../examples/gateway/samples.ts'
import { PATIENCE, within } from './within.ts'

/** Does the work so many times. @returns a promise if it is not done at once; of `Elapsed` if it has taken the time itself */
export type Work = (times: number) => unknown

/** How long work took by the clock of another process: the way there and back is not part of it. */
export class Elapsed {
  readonly ms: number

  constructor(ms: number) {
    this.ms = ms
  }
}

interface Settings {
  readonly rounds: number
  readonly quick: boolean
}

/** A round of one way takes about so long, ms: long enough for the clock, short enough for many rounds. */
const ROUND = 60
const QUICK_ROUND = 1
/** V8 compiles twice, the second time in the background: until it has, figures are not to be trusted. At least so long, however few the rounds, ms. */
const WARM_UP = 400
/** And at most, if it still gets faster, ms. */
const LONGEST_WARM_UP = 1_000
/** It is steady when the best so far has not been beaten by this share for as long as a quarter of the least warm-up. */
const STEADY = 0.05

/** What is done later, again and again, each when the one before is done. @param once is given its number */
export function oneByOne(once: (time: number) => Promise<unknown>): Work {
  return async (times) => {
    for (let time = 0; time < times; time++) await once(time)
  }
}

/** Nanoseconds that each way takes once, a sample for each round. */
export async function alternate<K extends string>(ways: Record<K, Work>, settings: Settings): Promise<Record<K, Samples>> {
  const { times, failures } = await inRounds(ways, settings)
  for (const failure of Object.values(failures)) throw failure
  const samples = Object.fromEntries(Object.keys(ways).map((name) => [name, new Samples()])) as Record<K, Samples>
  for (const [name, each] of Object.entries(times) as [K, number[]][]) for (const time of each) samples[name].add(time)
  return samples
}

export interface Rounds {
  /** Nanoseconds that each way takes once, in the order of the rounds. */
  readonly times: Record<string, number[]>
  /** Ways that have failed. They take no further part. */
  readonly failures: Record<string, unknown>
}

/** Every other round the other way round, so that none always follows the same one. */
export function inTurn<T>(all: readonly T[], round: number): readonly T[] {
  return round % 2 === 0 ? all : all.toReversed()
}

export async function inRounds(ways: Record<string, Work>, { rounds, quick }: Settings): Promise<Rounds> {
  const failures: Rounds['failures'] = {}
  const contenders: { readonly name: string; readonly work: Work; readonly count: number; readonly times: number[] }[] = []
  for (const [name, work] of Object.entries(ways)) {
    try {
      contenders.push({ name, work, count: await calibrate(work, quick), times: [] })
    } catch (error) {
      failures[name] = error
    }
  }
  for (let round = 0; round < rounds; round++) {
    for (const { name, work, count, times } of inTurn(contenders, round)) {
      if (name in failures) continue
      try {
        times.push(((await timed(work, count)) * 1e6) / count)
      } catch (error) {
        failures[name] = error
      }
    }
  }
  const whole = contenders.filter(({ name }) => !(name in failures))
  return { times: Object.fromEntries(whole.map(({ name, times }) => [name, times])), failures }
}

/** Warms up until it is steady, and finds how often the work fits a round. */
async function calibrate(work: Work, quick: boolean): Promise<number> {
  const [round, warmUp, longest] = quick ? [QUICK_ROUND, 0, 0] : [ROUND, WARM_UP, LONGEST_WARM_UP]
  let times = 1
  let took = await timed(work, times)
  let best = took
  const began = performance.now()
  let beaten = began
  for (let now = began; took < round / 4 || now - began < warmUp || (now - beaten < warmUp / 4 && now - began < longest); now = performance.now()) {
    if (took < round / 2) times *= 2
    took = await timed(work, times)
    if (took / times < best * (1 - STEADY)) {
      best = took / times
      beaten = performance.now()
    }
  }
  return Math.max(1, Math.round((times * round) / took))
}

async function timed(work: Work, times: number): Promise<number> {
  const began = performance.now()
  const done = work(times)
  const result: unknown = done instanceof Promise ? await within(PATIENCE, done) : done
  return result instanceof Elapsed ? result.ms : performance.now() - began
}
