/** What a benchmark says: subjects with figures, some of which have a goal. */
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
}

export interface Result {
  readonly subject: string
  readonly title: string
  readonly figures: readonly Figure[]
  /** What to know about them. */
  readonly note?: string
  /** Why there are none. */
  readonly failure?: string
}

export interface Settings {
  /** Rounds of whatever is compared by turns. */
  readonly rounds: number
  /** Only enough to see that it works; the figures mean nothing. */
  readonly quick: boolean
}

export interface Subject {
  readonly id: string
  readonly title: string
  measure(settings: Settings): Promise<Pick<Result, 'figures' | 'note'>>
}

/** The mean of ratios. */
export function geometricMean(ratios: readonly number[]): number {
  return Math.exp(ratios.reduce((sum, each) => sum + Math.log(each), 0) / ratios.length)
}

export function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[times.length >> 1] as number
}
