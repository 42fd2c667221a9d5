import { inChild } from '../child.ts'
import type { Subject } from '../figures.ts'

const RESTARTS = 200

export const memory: Subject = {
  id: 'memory',
  title: 'Restarts of a guest that touched 100 MiB',
  async measure({ quick }) {
    const { restarts, peak } = await inChild<{ restarts: number; peak: number }>('restarts.ts', quick ? 2 : RESTARTS)
    return { figures: [{ id: 'peak', label: `peak RSS of ${restarts} restarts`, value: peak / 1e6, unit: 'MB', goal: 500 }] }
  },
}
