/** What was measured, for people. */
import type { Summary } from './samples.ts'
import type { SceneResult } from './scene.ts'

export interface Report {
  readonly node: string
  /** Can the engine suspend a guest? */
  readonly slices: boolean
  readonly limit: number
  readonly example: { readonly before: string; readonly after: string } | undefined
  readonly alone: SceneResult
  readonly beside: SceneResult
}

export function formatReport({ node, slices, limit, example, alone, beside }: Report): string {
  const lines: string[] = []
  if (example !== undefined) lines.push(`before  ${example.before}`, `after   ${example.after}`, '')
  lines.push(
    ...table([
      ['', 'alone', 'beside the runaway'],
      ['messages redacted', count(alone.messages), count(beside.messages)],
      ['  e-mail addresses', count(alone.redacted.emails), count(beside.redacted.emails)],
      ['  keys', count(alone.redacted.keys), count(beside.redacted.keys)],
      ['  card numbers', count(alone.redacted.cards), count(beside.redacted.cards)],
      ['time per message    p50, p99', pair(alone.message), pair(beside.message)],
      ['HTTP latency        p50, worst', worst(alone.http), worst(beside.http)],
      ['event-loop lag      p99, worst', lag(alone.lag), lag(beside.lag)],
    ]),
  )
  const { runaway } = beside
  if (runaway !== undefined) {
    const { p50, p99, max } = runaway.late
    lines.push(
      '',
      `The runaway was stopped ${count(runaway.stopped)} of ${count(runaway.calls)} times, after ${limit} ms each;`,
      `late by p50 ${ms(p50)}, p99 ${ms(p99)}, at most ${ms(max)}.`,
    )
  }
  if (!slices) {
    lines.push(
      '',
      `Node ${node} has no JavaScript Promise Integration, so a guest cannot be suspended: the runaway is stopped in time all the`,
      `same, but it holds the event loop for its ${limit} ms, and everything else waits. Fewer messages were taken for that reason,`,
      'and each was given a second.',
      'From Node 24 on it only gets a slice of each turn.',
    )
  }
  return lines.join('\n')
}

/** The first column to the left, the others to the right. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  return rows.map((row) => row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('   '))
}

const count = (value: number): string => value.toLocaleString('en')
const ms = (value: number): string => `${value.toFixed(2)} ms`
const pair = ({ p50, p99 }: Summary): string => `${ms(p50)}, ${ms(p99)}`
const worst = ({ p50, max }: Summary): string => `${ms(p50)}, ${ms(max)}`
const lag = ({ p99, max }: Summary): string => `${ms(p99)}, ${ms(max)}`
