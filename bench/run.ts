/**
 * The benchmarks, `npm run bench`: Curfew beside V8 alone and beside what one may pick instead, on the same work, in the same run.
 *
 *   npm run bench -- --help
 */
import { closeSync, openSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { Result, Settings, Subject } from './figures.ts'
import { describe, machine, packages } from './machine.ts'
import { Progress } from './progress.ts'
import { PEERS, SUBJECTS } from './subjects/index.ts'
import { formatResults, verdict } from './table.ts'

const ROUNDS = 15
/** Of a run that somebody waits for. */
const FEW_ROUNDS = 3
const QUICK_ROUNDS = 2
const USAGE = 'usage: npm run bench -- [--full | --quick] [--only id,id] [--rounds N] [--json] [--out FILE]'
const IDS = `ids: ${SUBJECTS.map(({ id }) => id).join(', ')}`
const HELP = `${USAGE}

Without arguments: the comparison with others, ${FEW_ROUNDS} rounds, in about a minute and a half.

  --full      everything, with the largest sizes and numbers, ${ROUNDS} rounds, in half an hour
  --only      what is named, in ${ROUNDS} rounds
  --rounds    so many rounds
  --quick     shows that everything works; the figures mean nothing
  --json      prints JSON in place of the table (by npm run -s bench, which says nothing else)
  --out       writes JSON to a file beside the table

A line is a median, the best and the quartiles of the rounds, and how many times Curfew's of the same round it is.
Exits with 1 where Curfew failed. A peer that failed is named below the lines of the others: some hang.

${IDS}`

interface Options extends Settings {
  readonly subjects: readonly Subject[]
  readonly json: boolean
  readonly out: string | undefined
}

const options = readArguments()
if (options === 'help') console.log(HELP)
else if (options === undefined) process.exitCode = 2
else await main(options)

async function main({ subjects, json, out, ...settings }: Options): Promise<void> {
  const where = machine()
  const results: Result[] = []
  const progress = new Progress(process.stderr, subjects.length)
  for (const subject of subjects) {
    progress.begin(subject.title)
    results.push(await resultOf(subject, { ...settings, step: (what) => progress.step(what) }))
    progress.end()
  }
  if (results.some(({ failure }) => failure !== undefined)) process.exitCode = 1
  const versions = packages()
  const report = JSON.stringify({ ...where, packages: versions, ...settings, results: results.map(withVerdicts) }, undefined, 2)
  if (out !== undefined) writeFileSync(out, `${report}\n`)
  const text = json ? report : `${describe(where)}; medians of ${settings.rounds} rounds\n\n${formatResults(results, versions)}`
  // Some peers leave timers and threads behind, which would keep the process
  process.stdout.write(`${text}\n`, () => process.exit())
}

/** One that fails does not take the others with it. */
async function resultOf({ id, title, measure }: Subject, settings: Settings): Promise<Result> {
  const began = performance.now()
  try {
    const measured = await measure(settings)
    return { subject: id, title, seconds: (performance.now() - began) / 1e3, ...measured }
  } catch (error) {
    return { subject: id, title, figures: [], failure: error instanceof Error ? error.message : String(error) }
  }
}

function withVerdicts(result: Result): object {
  return { ...result, figures: result.figures.map((figure) => ({ ...figure, verdict: verdict(figure) })) }
}

/** @returns undefined if they are wrong, which has been said then */
function readArguments(): Options | 'help' | undefined {
  try {
    const { values } = parseArgs({
      options: {
        rounds: { type: 'string' },
        only: { type: 'string' },
        json: { type: 'boolean', default: false },
        out: { type: 'string' },
        full: { type: 'boolean', default: false },
        quick: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
    if (values.help) return 'help'
    const { quick, full, json, out, only } = values
    if (quick && full) throw new Error('--quick and --full exclude each other')
    const all = quick || full
    const rounds = Number(values.rounds ?? (quick ? QUICK_ROUNDS : full || only !== undefined ? ROUNDS : FEW_ROUNDS))
    if (!Number.isSafeInteger(rounds) || rounds < 1) throw new Error(`--rounds takes a whole number above 0, but got "${values.rounds}"`)
    const subjects = only === undefined ? (all ? SUBJECTS : PEERS) : chosen(only)
    // A file that cannot be written is better known now than in half an hour
    if (out !== undefined) closeSync(openSync(out, 'a'))
    return { rounds, quick, full, json, out, subjects }
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}\n${IDS}`)
    return undefined
  }
}

function chosen(only: string): readonly Subject[] {
  return only.split(',').map((id) => {
    const subject = SUBJECTS.find((each) => each.id === id)
    if (subject === undefined) throw new Error(`there is no subject "${id}"`)
    return subject
  })
}
