import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { verdict } from '../../bench/table.ts'

// What the figures are is for `npm run bench`; here only that there are any.

interface Output {
  readonly node: string
  readonly results: readonly {
    readonly subject: string
    readonly title: string
    readonly failure?: string
    readonly note?: string
    readonly figures: readonly { readonly id: string; readonly label: string; readonly value: number; readonly unit: string; readonly verdict: string }[]
  }[]
}

function bench(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, '../../bench/run.ts'), ...args], {
    encoding: 'utf8',
  })
}

test('every subject of the benchmark has figures', () => {
  const { status, stdout, stderr } = bench('--quick', '--json')
  assert.equal(stderr, '')
  const { node, results }: Output = JSON.parse(stdout)
  assert.equal(node, process.versions.node)
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
      'plugins',
    ],
  )
  for (const { title, failure, figures, note } of results) {
    assert.equal(failure, undefined, title)
    assert.ok(figures.length > 0 || note?.includes('npm --prefix bench/real ci'), title)
    assert.equal(new Set(figures.map(({ id }) => id)).size, figures.length, title)
    for (const { label, value } of figures) assert.ok(Number.isFinite(value), `${title}: ${label}`)
  }
  assert.equal(status, 0)
})

test('the benchmark prints a table of the chosen subjects', () => {
  const { status, stdout } = bench('--quick', '--only', 'restart')
  assert.equal(status, 0)
  assert.match(stdout, /^Node .*\n\nFrom the error of an interruption.*\n {2}p50 +[\d.]+ ms +<= 0\.2 +(met|MISSED)\n/)
})

test('the benchmark refuses arguments that it does not know', () => {
  for (const args of [['--only', 'nothing'], ['--rounds', '0'], ['--nonsense']]) {
    const { status, stderr } = bench(...args)
    assert.equal(status, 2)
    assert.match(stderr, /usage: node/)
  }
})

test('a goal is met, missed, or not to be told because plain JavaScript misses it too', () => {
  const figure = { id: 'p99', label: 'p99', unit: 'ms' }
  assert.equal(verdict({ ...figure, value: 1 }), '')
  assert.equal(verdict({ ...figure, value: 1, goal: 1 }), 'met')
  assert.equal(verdict({ ...figure, value: 2, goal: 1, control: 0.5 }), 'MISSED')
  assert.equal(verdict({ ...figure, value: 2, goal: 1, control: 1.5 }), 'machine too busy')
})
