import { Samples } from '../../examples/gateway/samples.ts'
import { inChild } from '../child.ts'
import type { Subject } from '../figures.ts'

interface Guarding {
  readonly name: string
  readonly size: number
  /** ms */
  readonly cold: number
  readonly warm: readonly number[]
  readonly engine: number
  readonly growth: number
}

export const guarding: Subject = {
  id: 'guard',
  title: 'Guarding a large module',
  async measure({ rounds, quick }) {
    const { name, size, cold, warm, engine, growth } = await inChild<Guarding>('guard.ts', quick ? 1 : rounds)
    const times = new Samples()
    for (const each of warm) times.add(each)
    const megabytes = size / 1e6
    return {
      figures: [
        { id: 'megabyte', label: 'a megabyte, warm', value: times.median / megabytes, unit: 'ms', goal: 10 },
        { id: 'speed', label: 'warm', value: megabytes / (times.median / 1000), unit: 'MB/s' },
        { id: 'speed-best', label: 'warm, best round', value: megabytes / (times.min / 1000), unit: 'MB/s' },
        { id: 'speed-cold', label: 'first in its process', value: megabytes / (cold / 1000), unit: 'MB/s' },
        { id: 'cold', label: 'first in its process', value: cold, unit: 'ms' },
        { id: 'cold-to-engine', label: 'first / new WebAssembly.Module', value: cold / engine, unit: 'x' },
        { id: 'growth', label: 'guarded size / size', value: growth, unit: 'x' },
      ],
      note: `${name}, ${megabytes.toFixed(1)} MB`,
    }
  },
}
