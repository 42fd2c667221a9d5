/** The results for people: a line a figure, with its goal and how it did. */
import type { Figure, Result } from './figures.ts'

type Verdict = 'met' | 'MISSED' | 'machine too busy' | ''

export function verdict({ value, goal, control = 0 }: Figure): Verdict {
  if (goal === undefined) return ''
  if (value <= goal) return 'met'
  return control > goal ? 'machine too busy' : 'MISSED'
}

export function formatResults(results: readonly Result[]): string {
  const rows = results.flatMap(({ figures }) => figures.map(cells))
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (figure: Figure): string => {
    const [label = '', value = '', unit = '', goal = '', word = ''] = cells(figure).map((cell, column) =>
      column === 1 ? cell.padStart(widths[1] as number) : cell.padEnd(widths[column] as number),
    )
    return `  ${label}  ${value} ${unit}  ${goal}  ${word}`.trimEnd()
  }
  const block = ({ title, figures, note, failure }: Result): string =>
    [note === undefined ? title : `${title} (${note})`, ...figures.map(line), ...(failure === undefined ? [] : [`  FAILED: ${failure}`])].join('\n')
  return results.map(block).join('\n\n')
}

function cells(figure: Figure): string[] {
  const { label, value, unit, goal } = figure
  return [label, digits(value), unit, goal === undefined ? '' : `<= ${goal}`, verdict(figure)]
}

/** Three that count, but no more than four after the point. */
function digits(value: number): string {
  const magnitude = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)))
  return value.toFixed(Math.min(4, Math.max(0, 2 - magnitude)))
}
