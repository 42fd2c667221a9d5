/**
 * The benchmarks, `npm run bench`: what Curfew costs beside V8 alone, in the same run.
 *
 *   node bench/run.ts [--rounds N] [--only id,id] [--json] [--quick]
 *
 * `--quick` shows that everything works, in a second or two; its figures mean nothing.
 */
import { parseArgs } from 'node:util'
import type { Result, Settings, Subject } from './figures.ts'
import { calls } from './subjects/calls.ts'
import { crowd } from './subjects/crowd.ts'
import { exchanges } from './subjects/exchanges.ts'
import { guarding } from './subjects/guard.ts'
import { hostFunctions } from './subjects/host-functions.ts'
import { instances } from './subjects/instances.ts'
import { kernels } from './subjects/kernels.ts'
import { memory } from './subjects/memory.ts'
import { plugins } from './subjects/plugins.ts'
import { real } from './subjects/real.ts'
import { lag, overshoot, restart } from './subjects/stops.ts'
import { threads } from './subjects/threads.ts'
import { weights } from './subjects/weights.ts'
import { formatResults, verdict } from './table.ts'

const SUBJECTS: readonly Subject[] = [
  calls,
  hostFunctions,
  exchanges,
  overshoot,
  lag,
  restart,
  crowd,
  threads,
  instances,
  kernels,
  real,
  guarding,
  weights,
  memory,
  plugins,
]
const ROUNDS = 15
const QUICK_ROUNDS = 2

const options = readArguments()
if (options === undefined) process.exitCode = 2
else await main(options)

async function main({ subjects, json, rounds, quick }: Settings & { subjects: readonly Subject[]; json: boolean }): Promise<void> {
  const results: Result[] = []
  for (const [index, subject] of subjects.entries()) {
    progress(`[${index + 1}/${subjects.length}] ${subject.title}`)
    results.push(await resultOf(subject, { rounds, quick }))
  }
  progress('')
  const { node, v8 } = process.versions
  if (json) console.log(JSON.stringify({ node, v8, rounds, quick, results: results.map(withVerdicts) }, undefined, 2))
  else console.log(`Node ${node}, V8 ${v8}; medians of ${rounds} rounds\n\n${formatResults(results)}`)
}

/** One that fails does not take the others with it. */
async function resultOf({ id, title, measure }: Subject, settings: Settings): Promise<Result> {
  try {
    return { subject: id, title, ...(await measure(settings)) }
  } catch (error) {
    process.exitCode = 1
    return { subject: id, title, figures: [], failure: error instanceof Error ? error.message : String(error) }
  }
}

function withVerdicts(result: Result): object {
  return { ...result, figures: result.figures.map((figure) => ({ ...figure, verdict: verdict(figure) })) }
}

/** One line that is written again and again, where somebody watches. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
}

function readArguments(): (Settings & { subjects: readonly Subject[]; json: boolean }) | undefined {
  try {
    const { values } = parseArgs({
      options: {
        rounds: { type: 'string' },
        only: { type: 'string' },
        json: { type: 'boolean', default: false },
        quick: { type: 'boolean', default: false },
      },
    })
    const rounds = Number(values.rounds ?? (values.quick ? QUICK_ROUNDS : ROUNDS))
    if (!Number.isSafeInteger(rounds) || rounds < 1) throw new Error(`--rounds takes a whole number above 0, but got "${values.rounds}"`)
    return { rounds, subjects: chosen(values.only), json: values.json, quick: values.quick }
  } catch (error) {
    const ids = SUBJECTS.map(({ id }) => id).join(', ')
    console.error(`${(error as Error).message}\nusage: node bench/run.ts [--rounds N] [--only id,id] [--json] [--quick]\nids: ${ids}`)
    return undefined
  }
}

function chosen(only: string | undefined): readonly Subject[] {
  if (only === undefined) return SUBJECTS
  return only.split(',').map((id) => {
    const subject = SUBJECTS.find((each) => each.id === id)
    if (subject === undefined) throw new Error(`there is no subject "${id}"`)
    return subject
  })
}
