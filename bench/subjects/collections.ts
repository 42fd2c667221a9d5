import { inChild } from '../child.ts'
import type { Figure, Subject } from '../figures.ts'

/** Of the host's own heap, MB. */
const HEAPS = [15, 300]
/** Of each process, ms. */
const DURATION = 5_000
const GUESTS = { page: 'grows page by page', once: 'grows by 16 MiB and traps' } as const
const PLACES = [
  ['', 0],
  [', in a thread', 1],
] as const

/** Turns of the event loop. */
interface Turns {
  /** ms */
  readonly longest: number
  /** Of the time, how much is in turns of more than 10 ms, %. */
  readonly share: number
}

export const collections: Subject = {
  id: 'collections',
  title: 'The event loop beside a guest that makes garbage collection due, by the size of the host’s own heap',
  async measure({ quick, step }) {
    const figures: Figure[] = []
    for (const heap of quick ? HEAPS.slice(0, 1) : HEAPS) {
      for (const [guest, does] of Object.entries(GUESTS)) {
        for (const [where, threads] of PLACES) {
          const label = `${heap} MB, it ${does}${where}`
          step?.(label)
          const { longest, share } = await inChild<Turns>('collections.ts', guest, heap, threads, quick ? 100 : DURATION)
          const id = `${guest}-${heap}-${threads}`
          figures.push({ id: `longest-${id}`, label: `${label}: longest turn`, value: longest, unit: 'ms' })
          figures.push({ id: `share-${id}`, label: `${label}: of the time in turns above 10 ms`, value: share, unit: '%' })
        }
      }
    }
    return { figures, note: 'one process each' }
  },
}
