/** The end of a run, as a table. */
import { GENERATORS } from '../generators/generate.ts'
import type { Figures, Tally } from './tally.ts'

const COLUMNS: readonly (readonly [title: string, of: (figures: Figures) => string | number])[] = [
  ['modules', ({ modules }) => modules],
  ['valid', ({ valid }) => valid],
  ['compared', ({ compared }) => compared],
  ['calls', ({ calls }) => calls],
  ['host calls', ({ hostCalls }) => hostCalls],
  ['traps', ({ traps }) => traps],
  ['exceptions', ({ exceptions }) => exceptions],
  ['polls', ({ polls }) => polls],
  ['stops', ({ stops }) => stops],
  ['endless', ({ left }) => left.stopped],
  ['overflows', ({ left }) => left['stack overflow'] + left['out of memory']],
  ['failures', ({ failures }) => failures],
  ['per second', ({ modules, generateMs, judgeMs }) => perSecond(modules, generateMs + judgeMs)],
  ['ms made/judged', ({ modules, generateMs, judgeMs }) => `${each(generateMs, modules)} / ${each(judgeMs, modules)}`],
  ['longest gap', ({ longestGap, longestGapIn }) => `${longestGap.toFixed(1)} ms (#${longestGapIn})`],
]

const MOST_NOTES = 15

export function table({ generators, notes }: Tally): string {
  const used = GENERATORS.filter((name) => generators[name].modules + generators[name].nothing > 0)
  const rows = [['', ...used], ...COLUMNS.map(([title, of]) => [title, ...used.map((name) => String(of(generators[name])))])]
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map((row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart((widths[column] ?? 0) + 2))).join(''),
  )
  return [...lines, '', ...noteLines(notes)].join('\n')
}

function noteLines(notes: Tally['notes']): string[] {
  const sorted = Object.entries(notes).sort(([, a], [, b]) => b - a)
  const lines = sorted.slice(0, MOST_NOTES).map(([note, times]) => `${String(times).padStart(8)}  ${note}`)
  const rest = sorted.slice(MOST_NOTES).reduce((sum, [, times]) => sum + times, 0)
  return rest === 0 ? lines : [...lines, `${String(rest).padStart(8)}  other reasons (${sorted.length - MOST_NOTES})`]
}

function perSecond(modules: number, ms: number): string {
  return ms === 0 ? '-' : (modules / (ms / 1_000)).toFixed()
}

function each(ms: number, modules: number): string {
  return modules === 0 ? '-' : (ms / modules).toFixed(2)
}
