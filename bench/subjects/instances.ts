import { setImmediate as nextTurn } from 'node:timers/promises'
import { guard } from 'curfew/guard'
import { Samples } from '../../examples/gateway/samples.ts'
import { alternate } from '../alternate.ts'
import type { Figure, Subject } from '../figures.ts'
import { withHost } from '../host.ts'
import { withMemory } from '../plugins.ts'

const CALLS = 400
/** The last is what Rust's linker asks for. */
const PAGES = [1, 17]
const PAGE = 65_536

/** Also what the alternative would be: one instance, whose memory is put back after each call. */
export const instances: Subject = {
  id: 'instances',
  title: "A pristine instance for each call (`reuse: 'never'`)",
  async measure({ rounds, quick }) {
    const figures: Figure[] = []
    for (const pages of PAGES) {
      const what = `${pages} page${pages === 1 ? '' : 's'} of memory`
      const goal = pages === 1 ? { goal: 50 } : {}
      const apart = await callTimes(pages, quick ? 3 : CALLS, true)
      const chained = await callTimes(pages, quick ? 3 : CALLS, false)
      const module = new WebAssembly.Module(guard(withMemory(pages)).bytes)
      const memory = new WebAssembly.Memory({ initial: pages })
      const image = new Uint8Array(pages * PAGE).fill(1)
      const { made, restored } = await alternate(
        {
          made: (times) => repeat(times, () => new WebAssembly.Instance(module)),
          restored: (times) => repeat(times, () => new Uint8Array(memory.buffer).set(image)),
        },
        { rounds, quick },
      )
      figures.push(
        { id: `apart-${pages}`, label: `call, ${what}, a turn after the last one, p50`, value: apart.median * 1e3, unit: 'us', ...goal },
        { id: `chained-${pages}`, label: `call, ${what}, right after the last one, p50`, value: chained.median * 1e3, unit: 'us', ...goal },
        { id: `made-${pages}`, label: `a new instance, ${what}, in V8 alone`, value: made.median / 1e3, unit: 'us' },
        { id: `restored-${pages}`, label: `${what} put back`, value: restored.median / 1e3, unit: 'us' },
      )
    }
    return { figures, note: 'an instance is more than its memory: globals, tables, dropped segments and growth would have to be undone as well' }
  },
}

async function callTimes(pages: number, calls: number, apart: boolean): Promise<Samples> {
  return withHost({ execTimeout: 1_000 }, async (host) => {
    const module = await host.loadModule('plugin', withMemory(pages), { reuse: 'never' })
    const samples = new Samples()
    for (let call = 0; call < calls; call++) {
      if (apart) for (let turn = 0; turn < 3; turn++) await nextTurn()
      const began = performance.now()
      await module.call('add', [1, 2])
      samples.add(performance.now() - began)
    }
    return samples
  })
}

function repeat(times: number, work: () => unknown): void {
  for (let time = 0; time < times; time++) work()
}
