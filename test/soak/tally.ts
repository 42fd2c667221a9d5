/** How often each action was run, and how what it did ended. */
export interface Row {
  times: number
  readonly outcomes: Record<string, number>
}

export class Tally {
  readonly rows: Record<string, Row> = {}
  actions = 0

  /** An action begins. @returns what it tells its outcomes to */
  began(name: string): (outcome: string) => void {
    this.actions++
    const row = this.rows[name] ?? { times: 0, outcomes: {} }
    this.rows[name] = row
    row.times++
    return (outcome) => {
      row.outcomes[outcome] = (row.outcomes[outcome] ?? 0) + 1
    }
  }
}
