import type { Random } from '../../fuzz/random.ts'
import type { Fleet } from '../fleet.ts'
import type { Violations } from '../violations.ts'

/** What an action works on. The random numbers are its own: what others do does not change what it does. */
export interface Stage {
  readonly fleet: Fleet
  readonly random: Random
  readonly violations: Violations
  /** Tells how something ended, for the table. */
  readonly saw: (outcome: string) => void
}

/** Something that happens to the host now and then. */
export interface Action {
  readonly name: string
  /** How often, beside the others. */
  readonly weight: number
  /** What there is not everywhere: guests on this thread, or ones that wait for `async` functions. */
  readonly needs?: 'this thread' | 'waiting guests'
  /** Resolves when all that it began has ended. */
  run(stage: Stage): Promise<void>
}
