import { Samples } from '../../examples/gateway/samples.ts'
import { inChild } from '../child.ts'
import type { Subject } from '../figures.ts'

const PLUGINS = 10_000
const ROUNDS = 3
const WAYS = ['raw', 'curfew'] as const

/** Bytes for each plugin. */
interface Held {
  readonly resident: number
  readonly heap: number
  readonly loaded: number
}

export const plugins: Subject = {
  id: 'plugins',
  title: 'What a process holds for each of 10,000 live plugins, called once',
  async measure({ quick }) {
    const [size, rounds] = quick ? [50, 1] : [PLUGINS, ROUNDS]
    const samples = { raw: held(), curfew: held() }
    for (let round = 0; round < rounds; round++) {
      for (const way of WAYS) {
        const found = await inChild<Held>('plugins.ts', way, size)
        for (const what of ['resident', 'heap', 'loaded'] as const) samples[way][what].add(found[what] / 1024)
      }
    }
    const { raw, curfew } = samples
    const above = (what: keyof Held) => curfew[what].median - raw[what].median
    return {
      figures: [
        { id: 'resident', label: 'resident, above raw V8', value: above('resident'), unit: 'KB', goal: 20 },
        { id: 'heap', label: 'of it JavaScript objects', value: above('heap'), unit: 'KB' },
        { id: 'raw', label: 'resident, raw V8', value: raw.resident.median, unit: 'KB' },
        { id: 'loaded', label: 'resident just after loading, garbage included, above raw V8', value: above('loaded'), unit: 'KB' },
      ],
    }
  },
}

function held(): Record<keyof Held, Samples> {
  return { resident: new Samples(), heap: new Samples(), loaded: new Samples() }
}
