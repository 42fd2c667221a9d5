/**
 * Host functions that call modules which call modules: whatever waits for whatever, every call gets its result or is refused at once. None is left
 * waiting for its deadline.
 */
import assert from 'node:assert/strict'
import { CurfewError, type Host, type Module } from '../../src/index.ts'
import { Random } from '../fuzz/random.ts'
import { type Bench, behaviour, GENEROUS, type Mode, nextTurn, sleep, within } from '../support/host.ts'
import { wat } from '../support/wat.ts'

const SEEDS = 60
const GUEST = wat(`(module (import "h" "ask" (func $ask (param i32) (result i32)))
  (func (export "ask") (param i32) (result i32) (call $ask (local.get 0)))
  (func (export "work") (param $rounds i32)
    (loop $again (br_if $again (i32.gt_s (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1))) (i32.const 0))))))`)

type Ask = (depth: number) => unknown

function load(host: Host, name: string, ask: Ask, instances = 1): Promise<Module> {
  // With a caller that says whether a promise is of use
  return host.loadModule(name, GUEST, { instances, imports: (caller) => ({ h: { ask: (depth: number) => (caller.canSuspend ? ask(depth) : 0) } }) })
}

export function circles(mode: Mode): void {
  if (!mode.jspi || mode.threads !== undefined) return

  behaviour('three calls of two modules that hold what the others want: one is refused at once, the others go on', async (bench) => {
    const host = bench.host({ execTimeout: GENEROUS })
    // The last to want something is of the module with two instances: who looks from there comes back to what he has seen, before he has seen all
    const wants = async (module: () => Module, after: number) => {
      await sleep(10 * after)
      await module().use((instance) => instance.call('work', [1]))
      return 0
    }
    const a: Module = await load(host, 'a', () => wants(() => b, 2))
    const b: Module = await load(host, 'b', (turn) => wants(() => a, turn), 2)
    const all = await Promise.allSettled([a.call('ask', [0]), b.call('ask', [1]), b.call('ask', [3])])
    assert.deepEqual(outcomes(all), ['ok', 'ok', 'reentrant'])
  })

  behaviour('a host function that waits inside of a lease keeps that: who wants it is refused', async (bench) => {
    const host = bench.host({ execTimeout: GENEROUS })
    const a: Module = await load(host, 'a', () =>
      leased.use(async () => {
        await sleep(10)
        await b.use((instance) => instance.call('work', [1]))
      }),
    )
    const leased: Module = await load(host, 'leased', () => 0)
    const b: Module = await load(host, 'b', async () => {
      await sleep(20)
      await leased.call('work', [1])
    })
    assert.deepEqual(outcomes(await Promise.allSettled([a.call('ask', [0]), b.call('ask', [0])])), ['ok', 'reentrant'])
  })

  behaviour('what a host function has begun and does not wait for keeps nobody from going on', async (bench) => {
    const host = bench.host({ execTimeout: GENEROUS })
    const later: Promise<unknown>[] = []
    let hold = true
    const a: Module = await load(host, 'a', (depth) => {
      if (depth > 0) later.push(b.call('work', [1]))
      return depth === 0 && hold ? sleep(30) : 0
    })
    const b: Module = await load(host, 'b', async () => {
      await sleep(10)
      await a.use((instance) => instance.call('work', [1]))
    })
    const asked = b.call('ask', [0])
    const held = a.use(async (instance) => {
      hold = false
      await instance.call('ask', [1]) // wants `b` some time, and is over
      hold = true
      await instance.call('ask', [0])
    })
    assert.deepEqual(outcomes(await Promise.allSettled([asked, held])), ['ok', 'ok'])
    assert.deepEqual(outcomes(await Promise.allSettled(later)), ['ok'])
  })

  behaviour('who has what a waiting guest needs does not wait for the place that this has: a call, and a lease', async (bench) => {
    const host = bench.host({ execTimeout: GENEROUS, maxConcurrent: 1 })
    const free: Module = await load(host, 'free', () => 0)
    const a: Module = await load(host, 'a', async () => {
      await sleep(10)
      await free.call('work', [1])
    })
    assert.deepEqual(outcomes(await Promise.allSettled([a.call('ask', [0]), free.call('work', [1])])), ['ok', 'ok'])
    const lease = free.use(async (instance) => {
      await nextTurn() // `a` has the place by now
      await instance.call('work', [1])
      await sleep(20)
      await instance.call('work', [1])
    })
    assert.deepEqual(outcomes(await Promise.allSettled([a.call('ask', [0]), lease])), ['ok', 'ok'])
  })

  behaviour(`in ${SEEDS} histories at random nothing waits for ever, nothing is left, and only what is reentrant is refused`, async (bench) => {
    for (let seed = 1; seed <= SEEDS; seed++) await within(history(seed, bench), `history ${seed}`)
  })
}

/** Of each: `ok`, or the code at the bottom of its error. */
function outcomes(settled: readonly PromiseSettledResult<unknown>[]): unknown[] {
  return settled.map((one) => (one.status === 'fulfilled' ? 'ok' : codeOf(one.reason)))
}

function codeOf(error: unknown): unknown {
  return error instanceof CurfewError && error.cause instanceof CurfewError ? codeOf(error.cause) : (error as { code?: unknown }).code
}

async function history(seed: number, bench: Bench): Promise<void> {
  const random = new Random(seed)
  const host = bench.host({ execTimeout: GENEROUS, maxConcurrent: random.pick([1, 2, 3, 1_000]) })
  const modules: Module[] = []
  const pause = () => (random.oneIn(3) ? sleep(1) : nextTurn())
  const step = (depth: number): [name: string, args: number[]] => (random.oneIn(3) ? ['work', [random.below(100_000)]] : ['ask', [depth]])

  const ask = async (depth: number): Promise<number> => {
    if (random.oneIn(2)) await pause()
    if (depth <= 0) return 0
    const [first, second] = [random.pick(modules), random.pick(modules)]
    const calls: readonly (() => Promise<unknown>)[] = [
      () => first.call(...step(depth - 1)),
      () => Promise.allSettled([first.call(...step(depth - 1)), second.call(...step(depth - 2))]),
      () => lease(first, depth - 1),
    ]
    const made = random.pick(calls)()
    await (random.oneIn(2) ? made : made.catch(onlyReentrant))
    return 0
  }
  const lease = (module: Module, depth: number) =>
    module.use(async (instance) => {
      for (let left = random.between(0, 2); left > 0; left--) await instance.call(...step(depth))
    })
  const begin = async (): Promise<void> => {
    if (random.oneIn(2)) await pause()
    const module = random.pick(modules)
    const made = random.oneIn(3) ? lease(module, 2) : module.call(...step(3))
    await made.catch(onlyReentrant)
  }

  for (const name of ['a', 'b', 'c'].slice(0, random.between(2, 3))) modules.push(await load(host, name, ask, random.between(1, 3)))
  const begun = Array.from({ length: random.between(2, 6) }, begin)
  if (random.oneIn(4))
    begun.push(
      random
        .pick(modules)
        .replace(GUEST)
        .then(() => undefined),
    )
  await Promise.all(begun)
  assert.deepEqual(host.stats().calls, { running: 0, waiting: 0 }, `seed ${seed}`)
  for (const { stats } of modules)
    assert.deepEqual(
      Object.keys(stats.outcomes).filter((code) => !['ok', 'host-function', 'reentrant'].includes(code)),
      [],
      `seed ${seed}`,
    )
  await host.close()
}

function onlyReentrant(error: unknown): void {
  assert.equal(codeOf(error), 'reentrant', String(error))
}
