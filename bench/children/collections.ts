/** Runs a guest that makes garbage collection due, again and again, in a process with so much on its heap; says how long the event loop's turns were. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Host } from 'curfew'
import { held } from '../../test/support/garbage.ts'
import { wat } from '../../test/support/wat.ts'

/** Bytes of an object with an array of one number, in an array. */
const OBJECT = 104
/** One large array would be marked in one go. */
const TOGETHER = 1_000
/** A turn that somebody notices, ms. */
const LONG = 10
const RUNS: Readonly<Record<string, string>> = {
  page: '(loop $more (br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))',
  once: '(drop (memory.grow (i32.const 256)))',
}

const [, , guest = '', heap, threads, duration] = process.argv
const kept = Array.from({ length: (Number(heap) * 1e6) / OBJECT / TOGETHER }, () =>
  Array.from({ length: TOGETHER }, (_, number) => ({ number, list: [number] })),
)
const host = new Host({ threads: Number(threads), execTimeout: 1_000 })
const module = await host.loadModule('grower', wat(`(module (memory 1) (func (export "run") ${RUNS[guest]} unreachable))`))
await held()
const began = performance.now()
const calls = callAgain(began + Number(duration))
// Nothing is kept of a turn, since that would have to be collected as well
const turns = { longest: 0, long: 0 }
for (let last = began; last < began + Number(duration); ) {
  await nextTurn()
  const now = performance.now()
  const took = now - last
  turns.longest = Math.max(turns.longest, took)
  if (took > LONG) turns.long += took
  last = now
}
const total = performance.now() - began
await calls
await host.close()
console.log(JSON.stringify({ longest: turns.longest, share: (100 * turns.long) / total, calls: module.stats.calls, kept: kept.length }))

async function callAgain(end: number): Promise<void> {
  while (performance.now() < end) {
    await module.call('run').catch(() => undefined)
    await nextTurn()
  }
}
