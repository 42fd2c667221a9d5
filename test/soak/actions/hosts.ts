/** What concerns a whole host: its figures, and its limits. */
import { Host } from '../../../src/index.ts'
import { implausible, inUse } from '../figures.ts'
import type { Action } from './action.ts'

export const stats: Action = {
  name: 'host.stats',
  weight: 10,
  async run({ fleet, violations, saw }) {
    for (const problem of implausible(fleet.host)) violations.add(`while all goes on, ${problem}`)
    saw('ok')
  },
}

const MODULES = 3
/** Of all of them together, bytes: one could have more. */
const TOTAL = 2 * 1024 * 1024
const TIMEOUT = 50

export const fullHost: Action = {
  name: 'host whose memory is used up',
  weight: 2,
  async run({ fleet, violations, saw }) {
    const { threads } = fleet.host
    const host = new Host({ totalMemoryLimit: TOTAL, threads: Math.min(threads, 1) })
    const kind = { memory: true, watched: threads === 0, waits: false, terms: {} }
    const plugins = await Promise.all(Array.from({ length: MODULES }, (_, number) => fleet.loadInto(host, `hog ${number}`, kind)))
    const hogs = plugins.map((plugin) => plugin.call('hog', [], ['memory-limit', 'deadline'], { timeout: TIMEOUT }))
    for (const { outcome } of await Promise.all(hogs)) saw(outcome)
    for (const problem of implausible(host)) violations.add(`of a host that is full, ${problem}`)
    await host.close()
    for (const plugin of plugins) await plugin.close()
    for (const problem of inUse(host)) violations.add(`of a host that is closed, ${problem}`)
  },
}
