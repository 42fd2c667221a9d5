/**
 * Runs real modules raw, guarded and with fuel and compares what they put out, each subject in a process of its own.
 *
 *   node bench/real/check.ts [ids...] [--rounds N] [--json]
 */
import { parseArgs } from 'node:util'
import { geometricMean } from '../figures.ts'
import type { Outcome } from './child.ts'
import { compare, ratio } from './compare.ts'
import { HOW_TO_INSTALL, installed } from './packages.ts'
import type { RealSubject } from './subject.ts'

/** Of the table's columns. */
const WIDTHS = [16, 42, 10, 8, 7, 8, 8, 8, 0]
const NUMBERS = [2, 3, 6, 7]

if (installed) await main()
else {
  console.error(`The packages are not installed. To install them: ${HOW_TO_INSTALL}`)
  process.exitCode = 1
}

async function main(): Promise<void> {
  const { chosen } = await import('./index.ts')
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { rounds: { type: 'string', default: '20' }, json: { type: 'boolean', default: false } },
  })
  const results: (Outcome & Pick<RealSubject, 'id' | 'label' | 'toolchain'>)[] = []
  if (!values.json) console.log(line(['id', 'toolchain', 'size', 'modules', 'growth', 'output', 'guarded', 'fuelled', 'of']))
  for (const subject of chosen(positionals)) {
    const outcome = await compare(subject, Number(values.rounds))
    const { id, label, toolchain } = subject
    if (!outcome.equal && outcome.skipped === undefined) process.exitCode = 1
    results.push({ id, label, toolchain, ...outcome })
    if (!values.json) console.log(line([id, toolchain, ...cells(outcome)]))
  }
  if (values.json) console.log(JSON.stringify({ node: process.versions.node, results }, undefined, 2))
  else console.log(summary(results))
}

function cells(outcome: Outcome): string[] {
  const { modules, size, guardedSize, equal, digests = [], raw, skipped, failure } = outcome
  if (skipped !== undefined) return ['', '', '', 'skipped', skipped]
  if (size === undefined || guardedSize === undefined || raw === undefined) return ['', '', '', 'FAILED', failure ?? '']
  const output = equal ? 'equal' : `DIFFERS: ${digests.join(' ')}`
  const times = (['guarded', 'fuelled'] as const).map((side) => `${(ratio(outcome, side) ?? Number.NaN).toFixed(2)}x`)
  return [`${(size / 1000).toFixed(0)} kB`, `${modules}`, `${(guardedSize / size).toFixed(2)}x`, output, ...times, `${raw.toFixed(1)} ms`]
}

function line(cells: readonly string[]): string {
  return cells
    .map((cell, column) => (NUMBERS.includes(column) ? cell.padStart(WIDTHS[column] as number) : `  ${cell}`.padEnd((WIDTHS[column] as number) + 2)))
    .join('')
    .trim()
}

function summary(results: readonly (Outcome & Pick<RealSubject, 'id'>)[]): string {
  const count = (is: (outcome: Outcome) => boolean) => results.filter(is).length
  const [equal, skipped] = [count((each) => each.equal === true), count((each) => each.skipped !== undefined)]
  const times = (['guarded', 'fuelled'] as const).map((side) => {
    const ratios = results.flatMap((each) => {
      const found = ratio(each, side)
      return found === undefined ? [] : [{ id: each.id, found }]
    })
    if (ratios.length === 0) return ''
    const worst = ratios.reduce((a, b) => (b.found > a.found ? b : a))
    return `\n${side} / raw: geometric mean ${geometricMean(ratios.map((each) => each.found)).toFixed(3)}, worst ${worst.found.toFixed(2)} (${worst.id})`
  })
  return `\n${equal} equal, ${results.length - equal - skipped} wrong, ${skipped} skipped${times.join('')}`
}
