/** What a benchmark says: subjects with figures, some of which have a goal. */
import type { Spread } from './statistics.ts'

export interface Figure {
  /** For machines, unique within its subject. */
  readonly id: string
  readonly label: string
  readonly value: number
  readonly unit: string
  /** The most that it may be. */
  readonly goal?: number
  /** The same for plain JavaScript in the same run. If that misses the goal, the machine was too busy to tell. */
  readonly control?: number
  /** Whose it is, where candidates are compared: its id. */
  readonly candidate?: string
  /** And what is compared: the same text for all of them. */
  readonly row?: string
  /** How large, or how many, where the cost of that is what is measured. */
  readonly size?: number
  /** The best of the rounds, where there are several. */
  readonly best?: number
  /** The quartiles over the rounds, where there are several. */
  readonly spread?: Spread
  /** To Curfew, round by round. */
  readonly ratio?: Spread
  /** Every value, ascending, where their distribution is what is measured. */
  readonly distribution?: readonly number[]
}

export interface Result {
  readonly subject: string
  readonly title: string
  readonly figures: readonly Figure[]
  /** That it took to measure them. */
  readonly seconds?: number
  /** What to know about them. */
  readonly note?: string
  /** Why there are none; or why those of Curfew are not there. */
  readonly failure?: string
  /** Why those of some peers are not there. The run is good all the same: some hang, by their own doing. */
  readonly peerFailure?: string
  /** Of whom there is no figure because it failed, and not because it cannot do that. */
  readonly failed?: readonly Failed[]
}

export interface Failed {
  /** Its id. */
  readonly candidate: string
  /** Where it has no figure; without, wherever it has none. */
  readonly row?: string
}

/** Where there is no figure of it: because it failed? */
export function hasFailed({ failed = [] }: Result, candidate: string, row: string | undefined): boolean {
  return failed.some((each) => each.candidate === candidate && (each.row === undefined || each.row === row))
}

export interface Settings {
  /** Rounds of whatever is compared by turns. */
  readonly rounds: number
  /** Only enough to see that it works; the figures mean nothing. */
  readonly quick: boolean
  /** The largest sizes and numbers as well, which take minutes. */
  readonly full: boolean
  /** Told what is done now, for whoever watches. */
  readonly step?: (what: string) => void
}

export type Measured = Pick<Result, 'figures' | 'note' | 'failure' | 'peerFailure' | 'failed'>

export interface Subject {
  readonly id: string
  readonly title: string
  measure(settings: Settings): Promise<Measured>
}

/** The mean of ratios. */
export function geometricMean(ratios: readonly number[]): number {
  return Math.exp(ratios.reduce((sum, each) => sum + Math.log(each), 0) / ratios.length)
}

export function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[times.length >> 1] as number
}
