/**
 * Draws what bench/run.ts has measured.
 *
 *   npm run charts -- results.json... docs/images/ [--png FOLDER]
 *
 * Of several reports, a chart is of the first that has figures for it, and says when and where those were made; if that was not one machine,
 * it is said. `--png` renders each as a light page and as a dark one shows it, to look at.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { charts } from './charts/charts.ts'
import { type Chart, draw } from './charts/plot.ts'
import { madeOn, type Report } from './charts/report.ts'
import { inDark, PAPER } from './charts/theme.ts'
import { HOW_TO_INSTALL, installed, load } from './peers/packages.ts'

/** What is used of its interface. */
interface Renderer {
  readonly Resvg: new (svg: string, options: object) => { render(): { asPng(): Uint8Array } }
}

const USAGE = 'usage: npm run charts -- results.json... FOLDER [--png FOLDER]'

try {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { png: { type: 'string' } } })
  const folder = positionals.pop()
  if (folder === undefined || positionals.length === 0) throw new Error(USAGE)
  const reports = positionals.map(readReport)
  if (!installed) throw new Error(`not installed; to install what draws: ${HOW_TO_INSTALL}`)
  await main(reports, folder, values.png)
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 2
}

function readReport(file: string): Report {
  const text = readFileSync(file, 'utf8')
  try {
    const report = JSON.parse(text) as Partial<Report> | null
    if (Array.isArray(report?.results) && report.node !== undefined) return report as Report
  } catch {
    // Said below, with the way out
  }
  throw new Error(`${file} is not a report: npm run bench -- --out ${file} writes one`)
}

async function main(reports: readonly Report[], folder: string, pictures: string | undefined): Promise<void> {
  const drawn = firstOfEach(reports)
  if (drawn.length === 0) throw new Error('there is nothing to draw: no report has figures of latency, deadline, runaways, density, loading or real')
  mkdirSync(folder, { recursive: true })
  for (const chart of drawn) {
    const svg = await draw(chart)
    writeFileSync(join(folder, `${chart.name}.svg`), svg)
    if (pictures !== undefined) await render(svg, chart.name, pictures)
  }
}

function firstOfEach(reports: readonly Report[]): Chart[] {
  const drawn = new Map<string, Chart>()
  for (const report of reports) {
    if (report.unfinished !== undefined) console.error(`a report is of an interrupted run: it has nothing of ${report.unfinished.join(', ')}`)
    for (const chart of charts(report)) if (!drawn.has(chart.name)) drawn.set(chart.name, chart)
  }
  const machines = new Set(reports.map(madeOn))
  if (machines.size > 1) console.error(`not to be compared, as the reports were not made on one machine: ${[...machines].join('; ')}`)
  return [...drawn.values()]
}

async function render(svg: string, name: string, folder: string): Promise<void> {
  const { Resvg } = await load<Renderer>('@resvg/resvg-js')
  mkdirSync(folder, { recursive: true })
  for (const [scheme, drawn, background] of [
    ['light', svg, PAPER.light],
    ['dark', inDark(svg), PAPER.dark],
  ] as const) {
    // Its own font families come first; the renderer takes one that it has
    const options = { background, fitTo: { mode: 'width', value: 1_640 }, font: { loadSystemFonts: true, defaultFontFamily: 'DejaVu Sans' } }
    writeFileSync(join(folder, `${name}-${scheme}.png`), new Resvg(drawn, options).render().asPng())
  }
}
