import { alternate, oneByOne } from '../alternate.ts'
import type { Subject } from '../figures.ts'
import { withHost } from '../host.ts'
import { raw, TRIVIAL } from '../plugins.ts'

type Add = (a: number, b: number) => number
const { promising } = WebAssembly as { promising?: (fn: Add) => (a: number, b: number) => Promise<number> }

export const calls: Subject = {
  id: 'calls',
  title: 'A call of a trivial export, with a deadline',
  async measure(settings) {
    // Long enough that a busy machine does not end the benchmark
    return withHost({ execTimeout: 2000 }, async (host) => {
      const module = await host.loadModule('trivial', TRIVIAL)
      const add = raw(TRIVIAL).add as Add
      const addLater = promising?.(add) ?? (async (a: number, b: number) => add(a, b))
      const ways = {
        call: oneByOne((i) => module.call('add', [i, 2])),
        callSync: (times: number) => {
          for (let i = 0; i < times; i++) module.callSync('add', [i, 2])
        },
        promising: oneByOne((i) => addLater(i, 2)),
        raw: (times: number) => {
          for (let i = 0; i < times; i++) add(i, 2)
        },
      }
      const { call, callSync, promising: later, raw: bare } = await alternate(ways, settings)
      return {
        figures: [
          { id: 'call', label: 'call', value: call.median / 1000, unit: 'us', goal: 1 },
          { id: 'call-best', label: 'call, best round', value: call.min / 1000, unit: 'us' },
          { id: 'call-to-promising', label: 'call / raw WebAssembly.promising', value: call.median / later.median, unit: 'x' },
          { id: 'call-to-raw', label: 'call / raw synchronous call', value: call.median / bare.median, unit: 'x' },
          { id: 'promising', label: 'raw WebAssembly.promising', value: later.median / 1000, unit: 'us' },
          { id: 'call-sync', label: 'callSync above raw', value: callSync.median - bare.median, unit: 'ns', goal: 50 },
          { id: 'call-sync-best', label: 'callSync above raw, best rounds', value: callSync.min - bare.min, unit: 'ns' },
          { id: 'raw', label: 'raw synchronous call', value: bare.median, unit: 'ns' },
        ],
        ...(promising === undefined ? { note: 'no WebAssembly.promising here: an async function in its place' } : {}),
      }
    })
  },
}
