/** Work that is spread over threads: how much more of it is done with each. */
import { availableParallelism } from 'node:os'
import { inRounds, type Work } from '../alternate.ts'
import type { Engine, Plugin } from '../candidates/candidate.ts'
import { CANDIDATES } from '../candidates/index.ts'
import type { Figure, Subject } from '../figures.ts'
import { PATIENCE, within } from '../within.ts'
import { available, Failures, figureOf, PATIENT } from './contenders.ts'
import { growth, WORK } from './growth.ts'

/** Plugins that work at the same time, for each thread. */
const EACH = 4

export const scaling: Subject = {
  id: 'scaling',
  title: `Work of some ms, ${EACH} calls in flight for each thread, by threads`,
  async measure(settings) {
    const { present, ...note } = available(CANDIDATES.filter(({ threads }) => threads))
    const failures = new Failures()
    const numbers = Array.from({ length: availableParallelism() }, (_, index) => index + 1).filter((number) => (number & (number - 1)) === 0 || settings.full)
    const engines: Engine[] = []
    try {
      const ways: Record<string, Work> = {}
      for (const candidate of present) {
        for (const threads of numbers) {
          await failures.attempt(candidate, async () => {
            const engine = await within(PATIENCE, candidate.start({ timeout: PATIENT, threads }))
            engines.push(engine)
            const plugins: Plugin[] = []
            for (let number = 0; number < EACH * threads; number++) plugins.push(await within(PATIENCE, engine.plugin(number)))
            ways[`${candidate.id} ${threads}`] = spread(plugins)
          })
        }
      }
      const { times, failures: failed } = await inRounds(ways, settings)
      const figures = present.flatMap((candidate): Figure[] => {
        const values = numbers.map((threads) => ({ threads, nanoseconds: times[`${candidate.id} ${threads}`] }))
        for (const { threads } of values) if (`${candidate.id} ${threads}` in failed) failures.add(candidate, failed[`${candidate.id} ${threads}`])
        const whole = values.filter((each): each is { threads: number; nanoseconds: number[] } => each.nanoseconds !== undefined)
        return whole.map(({ threads, nanoseconds }) => {
          const perSecond = nanoseconds.map((time) => (EACH * threads * 1e9) / time)
          return figureOf(
            { id: `work-${threads}`, row: `work/s, ${threads} thread${threads === 1 ? '' : 's'}`, unit: '1/s', size: threads },
            candidate,
            perSecond,
          )
        })
      })
      return { figures: [...figures, ...growth(figures, WORK)], ...note, ...failures.summary }
    } finally {
      // What does not close is ended with the process
      for (const engine of engines) await within(PATIENCE, Promise.resolve(engine.close())).catch(() => undefined)
    }
  },
}

function spread(plugins: readonly Plugin[]): Work {
  return async (times) => {
    for (let time = 0; time < times; time++) await Promise.all(plugins.map(({ compute }) => compute?.()))
  }
}
