import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { charts } from '../../bench/charts/charts.ts'
import { draw } from '../../bench/charts/plot.ts'
import type { Report } from '../../bench/charts/report.ts'
import { DARK_RULES, inDark, text } from '../../bench/charts/theme.ts'
import type { Figure, Result } from '../../bench/figures.ts'
import { HOW_TO_INSTALL, installed } from '../../bench/peers/packages.ts'

const skip = installed ? false : `not installed; to install what draws: ${HOW_TO_INSTALL}`

const figure = (id: string, candidate: string, value: number, more: Partial<Figure> = {}): Figure => ({
  id: `${id}-${candidate}`,
  label: candidate,
  candidate,
  value,
  unit: 'ms',
  ...more,
})

const REPORT: Report = {
  cpu: 'A & B <processor>',
  cores: 2,
  memory: 2 ** 34,
  system: 'Linux 6 x64',
  node: '24.0.0',
  v8: '13',
  packages: {},
  load: 0,
  date: '2026-11-26T00:00:00.000Z',
  results: [
    { subject: 'latency', title: '', figures: [figure('add', 'curfew', 1), figure('add', 'worker', 60, { spread: { low: 50, median: 60, high: 80 } })] },
    { subject: 'deadline', title: '', figures: [figure('late', 'curfew', 0.4, { distribution: [-0.1, 0.4, 1] })] },
    { subject: 'runaways', title: '', figures: [1, 100].map((size) => figure(`lag-${size}`, 'curfew', 1.2, { size })) },
    {
      subject: 'density',
      title: '',
      figures: [10, 1_000].flatMap((size) => [figure(`each-${size}`, 'curfew', 40, { size }), figure(`each-${size}`, 'raw', 15, { size })]),
    },
    { subject: 'loading', title: '', figures: [1_000, 100_000].map((size) => figure(`load-${size}`, 'raw', size / 1e5, { size })) },
    {
      subject: 'real',
      title: '',
      figures: [
        { id: 'mean', label: 'mean', value: 1.1, unit: 'x' },
        { id: 'sqlite', label: 'SQLite', value: 1.07, unit: 'x' },
      ],
    },
  ],
}

test('there is a chart for each subject that was measured, and none for others', () => {
  assert.deepEqual(
    charts(REPORT).map(({ name }) => name),
    ['latency', 'overshoot', 'lag', 'memory', 'load', 'real'],
  )
  assert.deepEqual(charts({ ...REPORT, results: [] }), [])
})

test('a chart is well-formed SVG that says in words what it shows, and where it was made', { skip }, async () => {
  for (const chart of charts(REPORT)) {
    const svg = await draw(chart)
    assert.match(svg, /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" viewBox="0 0 820 \d+"/, chart.name)
    assert.match(svg, /A &amp; B &lt;processor>/, chart.name)
    assert.match(svg, /aria-label="[^"]{20,}"/, chart.name)
    assert.doesNotMatch(svg, /NaN|undefined|currentColor/, chart.name)
    assert.equal(svg.split('<g').length, svg.split('</g>').length, chart.name)
  }
})

test('whoever has a value in the report is in the chart by name', { skip }, async () => {
  const [latency, , , memory] = await Promise.all(charts(REPORT).map(draw))
  for (const name of ['Curfew', 'worker + terminate()']) assert.ok(latency?.includes(`>${name}<`), name)
  for (const name of ['Curfew', 'raw V8']) assert.ok(memory?.includes(`>${name}<`), name)
})

test('what lies beyond a scale is drawn at its end, and the chart says so', { skip }, async () => {
  const [, overshoot, lag] = await Promise.all(charts(REPORT).map(draw))
  assert.match(overshoot ?? '', /what is below 0\.02 ms is drawn there/)
  assert.doesNotMatch(lag ?? '', /is drawn there/)
  const idle = { ...REPORT, results: [{ subject: 'runaways', title: '', figures: [figure('lag-1', 'worker', 0.002, { size: 1 })] }] }
  for (const chart of charts(idle)) assert.match(await draw(chart), /what is below 0\.01 ms is drawn there/)
})

const runaways = (values: Readonly<Record<string, readonly number[]>>, more: Partial<Result> = {}): Report => {
  const figures = Object.entries(values).flatMap(([candidate, lags]) =>
    lags.map((value, index) => figure(`lag-${10 ** index}`, candidate, value, { size: 10 ** index, row: `lag, ${10 ** index}` })),
  )
  return { ...REPORT, results: [{ subject: 'runaways', title: '', figures, ...more }] }
}

const drawnOf = async (report: Report): Promise<string> => {
  const [chart, ...others] = charts(report)
  assert.ok(chart !== undefined && others.length === 0)
  return draw(chart)
}

interface Dot {
  readonly x: number
  readonly y: number
  readonly radius: number
}

const dotsOf = (svg: string): Dot[] =>
  [...svg.matchAll(/<circle [^>]*r="([\d.]+)" cy="([\d.]+)" cx="([\d.]+)"/g)].map(([, radius, y, x]) => ({
    x: Number(x),
    y: Number(y),
    radius: Number(radius),
  }))

/** Between neighbours, ascending. */
const gaps = (values: readonly number[]): number[] => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted.slice(1).map((value, index) => value - (sorted[index] as number))
}

test('dots that coincide are rings around one another, and each has its name', { skip }, async () => {
  const svg = await drawnOf(runaways({ 'curfew-sync': [200], vm: [201], quickjs: [199], curfew: [1, 1] }))
  const dots = dotsOf(svg)
  assert.equal(dots.length, 5)
  const high = Math.min(...dots.map(({ y }) => y))
  const rings = dots.filter(({ y }) => y < high + 5).map(({ radius }) => radius)
  assert.equal(rings.length, 3)
  for (const gap of gaps(rings)) assert.ok(gap >= 3, rings.join())
  const heights = ['Curfew, callSync', 'vm timeout', 'QuickJS', 'Curfew'].map((name) =>
    Number(new RegExp(`translate\\([\\d.]+,([\\d.]+)\\)"[^>]*>${name}<`).exec(svg)?.[1]),
  )
  for (const gap of gaps(heights)) assert.ok(gap >= 16, heights.join())
})

test('the line that is fitted through enough points is drawn, dashed, where it says what was measured', { skip }, async () => {
  const dashes = (svg: string) => [...svg.matchAll(/stroke-dasharray/g)].length
  const fitted = await drawnOf(runaways({ curfew: [1, 1.1, 2] }))
  assert.equal(dashes(fitted), 1)
  assert.match(fitted, />dashed: least squares, /)
  const few = await drawnOf(runaways({ curfew: [1, 1.1] }))
  assert.equal(dashes(few), 0)
  assert.doesNotMatch(few, /least squares/)
  // So much for each of many; a few have almost nothing
  const memory = (sizes: readonly number[]) => sizes.map((size) => figure(`each-${size}`, 'curfew', size < 1_000 ? 1 : 100, { size, row: `each of ${size}` }))
  const svg = await drawnOf({ ...REPORT, results: [{ subject: 'density', title: '', figures: memory([10, 100, 1_000, 10_000]) }] })
  const [, path = ''] = /stroke-dasharray="2 5"[^>]*>(.*?)<\/g>/.exec(svg.replaceAll('\n', '')) ?? []
  const first = Number(/d="M([\d.]+),/.exec(path)?.[1])
  const columns = [...new Set(dotsOf(svg).map(({ x }) => x))].toSorted((a, b) => a - b)
  assert.ok(Math.abs(first - (columns[2] as number)) < 1, `from ${first} on, dots at ${columns}`)
})

test('who failed where others have values is named below the title, with how many that was', { skip }, async () => {
  const values = { curfew: [1, 1, 1], worker: [1], 'extism-worker': [1] }
  const failed = [10, 100].map((size) => ({ candidate: 'extism-worker', row: `lag, ${size}` }))
  const svg = await drawnOf(runaways(values, { failed }))
  assert.match(svg, />Extism, worker failed with 10 and 100</)
  assert.match(svg, /aria-label="[^"]*Extism, worker failed with 10 and 100/)
  assert.doesNotMatch(svg, /terminate\(\) failed/)
  const latency = { subject: 'latency', title: '', figures: [figure('add', 'curfew', 1, { row: 'call' })], failed: [{ candidate: 'raw' }] }
  assert.match(await drawnOf({ ...REPORT, results: [latency] }), />raw V8 failed</)
  assert.doesNotMatch(await drawnOf({ ...REPORT, results: [{ ...latency, failed: [{ candidate: 'raw', row: 'another' }] }] }), /failed/)
})

test('every colour of a chart has another one on dark pages', { skip }, async () => {
  for (const chart of charts(REPORT)) {
    const svg = await draw(chart)
    const used = [...svg.matchAll(/(?:fill|stroke)="(#[0-9a-f]{6})"/g)].map(([, colour = '']) => colour)
    assert.ok(used.includes(text))
    for (const colour of used) assert.ok(DARK_RULES.includes(`[fill="${colour}"]`) && DARK_RULES.includes(`[stroke="${colour}"]`), `${chart.name}: ${colour}`)
    const dark = inDark(svg)
    for (const colour of used) assert.ok(!dark.includes(`="${colour}" `), `${chart.name}: ${colour}`)
  }
})

test('who had another deadline than the others is named in the chart of how late they ended', { skip }, async () => {
  const late = (id: string) => figure('late', id, 1, { distribution: [1] })
  const drawn = (...ids: string[]) => charts({ ...REPORT, results: [{ subject: 'deadline', title: '', figures: ids.map(late) }] }).map(draw)
  for (const svg of await Promise.all(drawn('curfew', 'extism-worker'))) assert.match(svg, /Extism, worker has 250 ms in place of 50/)
  for (const svg of await Promise.all(drawn('curfew'))) assert.doesNotMatch(svg, /in place of/)
})

function drawing(...contents: string[]): { status: number | null; stderr: string; folder: string } {
  const folder = mkdtempSync(join(tmpdir(), 'curfew-charts-'))
  const files = contents.map((content, index) => {
    const file = join(folder, `${'another-'.repeat(index)}report.json`)
    writeFileSync(file, content)
    return file
  })
  const script = join(import.meta.dirname, '../../bench/charts.ts')
  const images = join(folder, 'images')
  const { status, stderr } = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', script, ...files, images], { encoding: 'utf8' })
  return { status, stderr, folder: images }
}

test('a file that is no report is not drawn, and it is said what makes one', () => {
  for (const content of ['not JSON', '{}', '[]', 'null', '{ "results": [] }']) {
    const { status, stderr, folder } = drawing(content)
    assert.equal(status, 2, content)
    assert.match(stderr, /^\S*report\.json is not a report: npm run bench -- --out \S*report\.json writes one\n$/, content)
    assert.equal(existsSync(folder), false)
  }
})

test('the charts that a report has figures for are written, into a new folder if need be; if there are none, it is said', { skip }, () => {
  const some = drawing(JSON.stringify({ ...REPORT, results: REPORT.results.slice(0, 2) }))
  assert.deepEqual([some.status, some.stderr, readdirSync(some.folder)], [0, '', ['latency.svg', 'overshoot.svg']])
  const none = drawing(JSON.stringify({ ...REPORT, results: [] }))
  assert.equal(none.status, 2)
  assert.match(none.stderr, /^there is nothing to draw: /)
})

test('of several reports, each chart is of the first that has it, with that one’s date and machine', { skip }, () => {
  const of = (from: number, to: number, more: Partial<Report>) => JSON.stringify({ ...REPORT, ...more, results: REPORT.results.slice(from, to) })
  const later = { date: '2026-12-24T00:00:00.000Z' }
  const same = drawing(of(0, 1, {}), of(0, 2, later))
  assert.deepEqual([same.status, same.stderr], [0, ''])
  const said = (folder: string, name: string) => readFileSync(join(folder, `${name}.svg`), 'utf8')
  assert.match(said(same.folder, 'latency'), /2026-11-26/)
  assert.match(said(same.folder, 'overshoot'), /2026-12-24/)
  const elsewhere = drawing(of(0, 1, {}), of(1, 2, { cpu: 'Another' }))
  assert.equal(elsewhere.status, 0)
  assert.match(elsewhere.stderr, /^not to be compared.* A & B <processor>.*; Node 24\.0\.0, Another, 2 cores/)
  assert.match(said(elsewhere.folder, 'latency'), /A &amp; B/)
  assert.match(said(elsewhere.folder, 'overshoot'), /Another, 2 cores/)
})

test('a report of an interrupted run is drawn as far as it goes, and it is said what is missing', { skip }, () => {
  const { status, stderr, folder } = drawing(JSON.stringify({ ...REPORT, results: REPORT.results.slice(0, 1), unfinished: ['deadline', 'real'] }))
  assert.deepEqual([status, readdirSync(folder)], [0, ['latency.svg']])
  assert.match(stderr, /^a report is of an interrupted run: it has nothing of deadline, real$/m)
})
