/** Run by memory.test.ts in a process of its own: restarts a guest that holds 100 MiB, again and again, and prints the peak of what the process held. */
import { readFileSync } from 'node:fs'
import { Host } from '../../src/index.ts'

const RESTARTS = 200
const PAGES = 1_600 // 100 MiB

const host = new Host({ execTimeout: 10_000 })
const module = await host.loadModule('hog', readFileSync(new URL('../fixtures/memory_hog.wasm', import.meta.url)))
let peak = 0
let held = 0
for (let restart = 0; restart < RESTARTS; restart++) {
  await module.call('grow', [PAGES - 1])
  await module.call('touch', [PAGES])
  held = Math.max(held, module.memorySize)
  peak = Math.max(peak, process.memoryUsage().rss)
  const code = await module.call('grow_touch_loop', [0], { cpuTimeout: 2 }).catch((error) => error.code)
  if (code !== 'cpu-timeout') throw new Error(`the guest ended by ${code}`)
  peak = Math.max(peak, process.memoryUsage().rss)
}
// The last instance may have to wait until what the one before left is collected
await module.call('grow', [0])
console.log(JSON.stringify({ peak, held, restarts: module.stats.restarts, after: module.memorySize }))
await host.close()
