/**
 * Runs real modules raw and guarded and compares what they put out, each subject in a process of its own.
 *
 *   node bench/real/check.ts [ids...] [--rounds N] [--json]
 */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import type { Outcome } from './child.ts'
import { HOW_TO_INSTALL, installed } from './packages.ts'
import type { RealSubject } from './subject.ts'

const TIMEOUT = 600_000
/** Of the table's columns. */
const WIDTHS = [16, 42, 10, 8, 7, 8, 0]
const CHILD = join(import.meta.dirname, 'child.ts')

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
  const subjects = chosen(positionals)
  const results: (Outcome & Pick<RealSubject, 'id' | 'label' | 'toolchain'>)[] = []
  if (!values.json) console.log(line(['id', 'toolchain', 'size', 'modules', 'growth', 'output', 'time']))
  for (const { id, label, toolchain } of subjects) {
    const outcome = await inChild(id, values.rounds)
    if (!outcome.equal && outcome.skipped === undefined) process.exitCode = 1
    results.push({ id, label, toolchain, ...outcome })
    if (!values.json) console.log(line([id, toolchain, ...cells(outcome)]))
  }
  if (values.json) console.log(JSON.stringify({ node: process.versions.node, results }, undefined, 2))
  else console.log(summary(results))
}

/** A child that crashes or hangs takes nothing with it. */
async function inChild(id: string, rounds: string): Promise<Outcome> {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, ['--no-warnings', CHILD, id, rounds], { timeout: TIMEOUT, maxBuffer: 2 ** 26 })
    return JSON.parse(stdout) as Outcome
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) }
  }
}

function cells({ modules, size, guardedSize, equal, digests = [], raw, guarded, skipped, failure }: Outcome): string[] {
  if (skipped !== undefined) return ['', '', '', 'skipped', skipped]
  if (size === undefined || guardedSize === undefined || raw === undefined || guarded === undefined) return ['', '', '', 'FAILED', failure ?? '']
  const output = equal ? 'equal' : `DIFFERS: ${digests.join(' ')}`
  const time = `${(guarded / raw).toFixed(2)}x of ${raw.toFixed(1)} ms`
  return [`${(size / 1000).toFixed(0)} kB`, `${modules}`, `${(guardedSize / size).toFixed(2)}x`, output, time]
}

function line(cells: readonly string[]): string {
  return cells
    .map((cell, column) => (column === 2 || column === 3 ? cell.padStart(WIDTHS[column] as number) : `  ${cell}`.padEnd((WIDTHS[column] as number) + 2)))
    .join('')
    .trim()
}

function summary(results: readonly Outcome[]): string {
  const ratios = results.flatMap(({ raw, guarded }) => (raw === undefined || guarded === undefined ? [] : [guarded / raw]))
  const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length)
  const count = (is: (outcome: Outcome) => boolean) => results.filter(is).length
  const [equal, skipped] = [count((each) => each.equal === true), count((each) => each.skipped !== undefined)]
  const time = ratios.length > 0 ? `; guarded / raw: geometric mean ${mean.toFixed(3)}` : ''
  return `\n${equal} equal, ${results.length - equal - skipped} wrong, ${skipped} skipped${time}`
}
