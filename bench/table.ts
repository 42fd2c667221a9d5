/** The results for people: a line a figure, with its goal and how it did; and candidates side by side. */
import { CANDIDATES } from './candidates/index.ts'
import { type Figure, hasFailed, type Result } from './figures.ts'
import type { Spread } from './statistics.ts'

type Verdict = 'met' | 'MISSED' | 'machine too busy' | ''

export function verdict({ value, goal, control = 0 }: Figure): Verdict {
  if (goal === undefined) return ''
  if (value <= goal) return 'met'
  return control > goal ? 'machine too busy' : 'MISSED'
}

/** @param versions of those that are compared, by name */
export function formatResults(results: readonly Result[], versions: Readonly<Record<string, string>> = {}): string {
  const blocks = results.map(({ title, figures, note, failure, peerFailure }) =>
    [
      note === undefined ? title : `${title} (${note})`,
      ...aligned(figures.map(cells), [1, 4, 5, 6]).map((line) => `  ${line}`),
      ...(failure === undefined ? [] : [`  FAILED: ${failure}`]),
      ...(peerFailure === undefined ? [] : [`  a peer failed: ${peerFailure}`]),
    ].join('\n'),
  )
  return [...blocks, ...comparison(results, versions)].join('\n\n')
}

/** What is compared in rows, and who in columns; "-" for what a candidate cannot do, or what could not be measured; "failed" for who hung or went wrong. */
export function comparison(results: readonly Result[], versions: Readonly<Record<string, string>> = {}): string[] {
  const figures = results.flatMap((result) => result.figures)
  const failures = results.flatMap(({ failed = [] }) => failed)
  const columns = CANDIDATES.filter(({ id }) => [...figures, ...failures].some(({ candidate }) => candidate === id))
  if (columns.length === 0) return []
  const rows = results.flatMap((result) => {
    const rows = [...new Set(result.figures.flatMap(({ row }) => row ?? []))]
    return rows.map((row) => {
      const here = result.figures.filter((figure) => figure.row === row)
      const cells = columns.map(({ id }) => {
        const value = here.find(({ candidate }) => candidate === id)?.value
        return value === undefined ? (hasFailed(result, id, row) ? 'failed' : '-') : digits(value)
      })
      const unit = here[0]?.unit ?? ''
      // Rows of so many a second say so themselves
      return [unit === '' || unit === '1/s' ? row : `${row}, ${unit}`, ...cells]
    })
  })
  const lines = aligned(
    [['', ...columns.map(({ name }) => name)], ...rows],
    [...columns.keys()].map((column) => column + 1),
  )
  const named = Object.entries(versions).map((each) => each.join(' '))
  return [['Side by side', ...lines.map((line) => `  ${line}`), ...(named.length === 0 ? [] : [`  (${named.join(', ')})`])].join('\n')]
}

/** @param right columns whose cells end below one another */
function aligned(rows: readonly (readonly string[])[], right: readonly number[]): string[] {
  const widths: number[] = []
  for (const row of rows) for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length)
  return rows.map((row) =>
    row
      .map((cell, column) => (right.includes(column) ? cell.padStart(widths[column] as number) : cell.padEnd(widths[column] as number)))
      .filter((_, column) => widths[column] !== 0)
      .join('  ')
      .trimEnd(),
  )
}

function cells(figure: Figure): string[] {
  const { label, row, value, unit, goal, best, spread, ratio } = figure
  return [
    row === undefined ? label : `${row}: ${label}`,
    digits(value),
    unit,
    goal === undefined ? '' : `<= ${goal}`,
    best === undefined ? '' : `best ${digits(best)}`,
    spread === undefined ? '' : between(spread),
    ratio === undefined ? '' : `${digits(ratio.median)}x${ratio.low === ratio.high ? '' : ` (${between(ratio)})`}`,
    verdict(figure),
  ]
}

const between = ({ low, high }: Spread) => `${digits(low)} to ${digits(high)}`

/** Three that count, but no more than four after the point. */
function digits(value: number): string {
  const magnitude = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)))
  return value.toFixed(Math.min(4, Math.max(0, 2 - magnitude)))
}
