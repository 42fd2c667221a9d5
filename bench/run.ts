/**
 * The benchmarks: Curfew beside V8 alone and beside what one may pick instead, on the same work, in the same run.
 *
 *   npm run bench -- --help
 */
import { writeFileSync } from 'node:fs'
import { type Options, readArguments } from './arguments.ts'
import type { Result, Settings } from './figures.ts'
import { describe, machine, packages } from './machine.ts'
import { Progress } from './progress.ts'
import { Strays } from './strays.ts'
import { SUBJECTS } from './subjects/index.ts'
import { formatResults, verdict } from './table.ts'

const options = readArguments(process.argv.slice(2))
if (options !== undefined) {
  // Whatever is thrown otherwise is no end
  await main(options).catch((error) => {
    console.error(error)
    process.exit(1)
  })
}

async function main({ subjects, json, out, ...settings }: Options): Promise<void> {
  const where = machine()
  const results: Result[] = []
  const progress = new Progress(process.stderr, subjects.length)
  const strays = new Strays(process)
  const report = () => {
    const unfinished = subjects.slice(results.length)
    const missing = unfinished.length === 0 ? {} : { unfinished }
    return JSON.stringify({ ...where, packages: packages(), ...settings, ...missing, results: results.map(withVerdicts) }, undefined, 2)
  }
  // What was there is of another run, whatever becomes of this one
  if (out !== undefined) writeFileSync(out, `${report()}\n`)
  for (const id of subjects) {
    results.push(await resultOf(id, settings, progress, strays))
    progress.end()
    if (out !== undefined) writeFileSync(out, `${report()}\n`)
  }
  if (results.some(({ failure }) => failure !== undefined)) process.exitCode = 1
  const rounds = settings.rounds === 1 ? 'one round' : `medians of ${settings.rounds} rounds`
  const text = json ? report() : `${describe(where)}; ${rounds}\n\n${formatResults(results, packages())}`
  // Some peers leave timers and threads behind, which would keep the process
  process.stdout.write(`${text}\n`, () => process.exit())
}

/** One that fails does not take the others with it. */
async function resultOf(id: string, settings: Settings, progress: Progress, strays: Strays): Promise<Result> {
  const began = performance.now()
  let title = id
  try {
    const subject = await (SUBJECTS[id] as NonNullable<(typeof SUBJECTS)[string]>)()
    title = subject.title
    progress.begin(title)
    const measured = await subject.measure({ ...settings, step: (what) => progress.step(what) })
    return { subject: id, title, seconds: (performance.now() - began) / 1e3, ...strays.addTo(measured) }
  } catch (error) {
    return { subject: id, title, ...strays.addTo({ figures: [], failure: error instanceof Error ? error.message : String(error) }) }
  }
}

function withVerdicts(result: Result): object {
  return { ...result, figures: result.figures.map((figure) => ({ ...figure, verdict: verdict(figure) })) }
}
