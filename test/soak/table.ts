/** The report for people. */
import type { Held } from '../support/garbage.ts'
import { megabytes } from './flat.ts'
import type { Report } from './soak.ts'
import type { Row } from './tally.ts'

export function table({ actions, calls, rows, memory, instances, modules, lag, violations, violationCount }: Report): string {
  const { before, open, after } = memory
  const held = (what: keyof Held) =>
    `${megabytes(before[what])} before, ${open.map((stop) => megabytes(stop[what])).join(', ')}, ${megabytes(after[what])} closed`
  return [
    `${actions} actions, ${calls} calls, each accounted for once`,
    ...lines(rows),
    '',
    `event loop    late by ${ms(lag.p50)} (p50), ${ms(lag.p99)} (p99), ${ms(lag.max)} (max)`,
    `objects       ${held('heap')}`,
    `resident      ${held('resident')}`,
    `instances     ${instances.made} watched, ${instances.left} left`,
    `modules       ${modules.made}, ${modules.left} left`,
    '',
    violationCount === 0 ? 'No violations' : `${violationCount} VIOLATIONS`,
    ...violations.map((violation) => `- ${violation}`),
  ].join('\n')
}

function lines(rows: Readonly<Record<string, Row>>): string[] {
  const sorted = Object.entries(rows).sort(([, a], [, b]) => b.times - a.times)
  const width = Math.max(0, ...sorted.map(([name]) => name.length))
  return sorted.map(([name, { times, outcomes }]) => `  ${name.padEnd(width)}  ${String(times).padStart(7)}  ${counts(outcomes)}`)
}

function counts(outcomes: Readonly<Record<string, number>>): string {
  return Object.entries(outcomes)
    .sort(([, a], [, b]) => b - a)
    .map(([outcome, count]) => `${outcome} ${count}`)
    .join(', ')
}

function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 0)} ms`
}
