import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Figure } from '../../bench/figures.ts'
import { verdict } from '../../bench/table.ts'

// What the figures are is for `npm run bench`; here only that there are any.

interface Output {
  readonly node: string
  readonly v8: string
  readonly cpu: string
  readonly cores: number
  readonly memory: number
  readonly system: string
  readonly packages: Readonly<Record<string, string>>
  readonly load: number
  readonly date: string
  readonly rounds: number
  readonly results: readonly {
    readonly subject: string
    readonly title: string
    readonly failure?: string
    readonly peerFailure?: string
    readonly note?: string
    readonly figures: readonly Figure[]
  }[]
}

function bench(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, '../../bench/run.ts'), ...args], {
    encoding: 'utf8',
    timeout: 300_000,
  })
}

test('every subject of the benchmark has figures', () => {
  const { status, stdout, stderr } = bench('--quick', '--json')
  assert.equal(stderr.replaceAll(/^EXTISM: .*\n/gm, ''), '')
  const { results, ...where }: Output = JSON.parse(stdout)
  assert.equal(where.node, process.versions.node)
  assert.equal(where.rounds, 2)
  for (const value of [where.v8, where.cpu, where.system]) assert.ok(value.length > 0)
  for (const value of [where.cores, where.memory]) assert.ok(value > 0)
  assert.ok(Date.parse(where.date) <= Date.now())
  for (const version of Object.values(where.packages)) assert.match(version, /^\d+\.\d+\.\d+/)
  assert.deepEqual(
    results.map(({ subject }) => subject),
    [
      'latency',
      'texts',
      'flight',
      'compute',
      'deadline',
      'recovery',
      'loading',
      'density',
      'runaways',
      'scaling',
      'calls',
      'host-functions',
      'text',
      'overshoot',
      'lag',
      'restart',
      'crowd',
      'threads',
      'instances',
      'kernels',
      'real',
      'guard',
      'weights',
      'memory',
      'collections',
      'plugins',
    ],
  )
  for (const { title, failure, peerFailure, figures, note } of results) {
    assert.equal(failure, undefined, title)
    // A machine that is too busy to start its worker in time ends it for good
    assert.match(peerFailure ?? '', /^(Extism, worker: [^;]+(; |$))*$/, title)
    assert.ok(figures.length > 0 || note?.includes('npm --prefix bench/real ci'), title)
    assert.equal(new Set(figures.map(({ id }) => id)).size, figures.length, title)
    for (const { label, value } of figures) assert.ok(Number.isFinite(value), `${title}: ${label}`)
  }
  assert.equal(status, 0)
})

test('a run says how Curfew compares: who is in the columns, what is in the rows, and the ratios in JSON', () => {
  const { stdout } = bench('--quick', '--only', 'latency')
  const [, header = '', row = ''] = /Side by side\n(.*)\n(.*)/.exec(stdout) ?? []
  assert.match(header, /^ +Curfew +Curfew, callSync +Curfew, threads +raw V8 +vm timeout +worker \+ terminate\(\)/)
  assert.match(row, /^ {2}trivial call, us( +[\d.]+){6,}$/)
  const file = join(mkdtempSync(join(tmpdir(), 'curfew-bench-')), 'report.json')
  assert.equal(bench('--quick', '--only', 'latency', '--out', file).status, 0)
  const [result] = (JSON.parse(readFileSync(file, 'utf8')) as Output).results
  for (const { spread, ratio, candidate } of result?.figures ?? []) {
    assert.ok(spread !== undefined && spread.low <= spread.median && spread.median <= spread.high, candidate)
    assert.ok(ratio !== undefined && ratio.low <= ratio.median && ratio.median <= ratio.high, candidate)
    if (candidate === 'curfew') assert.deepEqual(ratio, { low: 1, median: 1, high: 1 })
  }
})

test('the benchmark prints a table of the chosen subjects', () => {
  const { status, stdout } = bench('--quick', '--only', 'restart')
  assert.equal(status, 0)
  assert.match(stdout, /^Node .*\n\nFrom the error of an interruption.*\n {2}p50 +[\d.]+ +ms +<= [\d.]+ +(met|MISSED)\n/)
})

test('the benchmark refuses arguments that it does not know', () => {
  for (const args of [['--only', 'nothing'], ['--rounds', '0'], ['--nonsense'], ['--quick', '--full']]) {
    const { status, stderr } = bench(...args)
    assert.equal(status, 2)
    assert.match(stderr, /usage: npm run bench/)
  }
})

test('a file that cannot be written is refused before anything is measured', () => {
  const out = join(mkdtempSync(join(tmpdir(), 'curfew-bench-')), 'missing', 'report.json')
  const { status, stdout, stderr } = bench('--quick', '--only', 'latency', '--out', out)
  assert.deepEqual([status, stdout], [2, ''])
  assert.match(stderr, /^ENOENT.*missing[\s\S]*usage: npm run bench/)
})

test('asked for help, the benchmark says what it takes, and measures nothing', () => {
  const { status, stdout } = bench('--help', '--full')
  assert.equal(status, 0)
  for (const option of ['--full', '--only', '--rounds', '--quick', '--json', '--out']) assert.match(stdout, new RegExp(`^  ${option} `, 'm'))
  assert.match(stdout, /^ids: latency, .*, plugins$/m)
  assert.doesNotMatch(stdout, /^Node /m)
})

test('a goal is met, missed, or not to be told because plain JavaScript misses it too', () => {
  const figure = { id: 'p99', label: 'p99', unit: 'ms' }
  assert.equal(verdict({ ...figure, value: 1 }), '')
  assert.equal(verdict({ ...figure, value: 1, goal: 1 }), 'met')
  assert.equal(verdict({ ...figure, value: 2, goal: 1, control: 0.5 }), 'MISSED')
  assert.equal(verdict({ ...figure, value: 2, goal: 1, control: 1.5 }), 'machine too busy')
})
