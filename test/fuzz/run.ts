/**
 * Differential fuzzing of the guard, `npm run fuzz`: random modules, raw and guarded, must do the same.
 *
 *   node test/fuzz/run.ts [--seconds N | --count N] [--seed S] [--only binaryen,own,mutate] [--no-minimise] [--json]
 *
 * The same seed makes the same cases. One that fails is written to fuzz-failures/; `node test/fuzz/replay.ts fuzz-failures/1` runs it again.
 */
import { parseArgs } from 'node:util'
import { GENERATORS, type GeneratorName } from './generators/generate.ts'
import { type Campaign, campaign } from './runner/campaign.ts'
import { describeFailure } from './runner/failures.ts'
import { table } from './runner/table.ts'

const USAGE = 'usage: node test/fuzz/run.ts [--seconds N | --count N] [--seed S] [--only binaryen,own,mutate] [--no-minimise] [--json]'
const DEFAULT_SECONDS = 60
/** Of a failing case, ms. */
const MINIMISING = 60_000

type Settings = Pick<Campaign, 'seed' | 'only' | 'count' | 'time' | 'minimising'> & { readonly json: boolean }

const settings = readArguments()
if (settings === undefined) process.exitCode = 2
else await main(settings)

async function main({ json, ...settings }: Settings): Promise<void> {
  const start = performance.now()
  let failures = 0
  const { tally, cases, failed } = await campaign({
    ...settings,
    onProgress: (_, done) => progress(`${done} cases, ${failures} failures, ${((performance.now() - start) / 1_000).toFixed()} s`),
    onFailure: (found, path) => {
      failures++
      progress('')
      console.error([`Case ${found.case.number} fails: ${path}`, ...found.failures.flatMap(describeFailure)].join('\n'))
    },
  })
  progress('')
  const { node, v8 } = process.versions
  const seconds = (performance.now() - start) / 1_000
  if (json) console.log(JSON.stringify({ node, v8, seed: settings.seed, cases, seconds, ...tally, failed }, undefined, 2))
  else console.log(`Node ${node}, V8 ${v8}; seed ${settings.seed}, ${cases} cases in ${seconds.toFixed(1)} s\n\n${table(tally)}`)
  if (failed.length > 0) process.exitCode = 1
}

/** One line that is written again and again, where somebody watches. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
}

function readArguments(): Settings | undefined {
  try {
    const { values } = parseArgs({
      options: {
        seconds: { type: 'string' },
        count: { type: 'string' },
        seed: { type: 'string', default: '1' },
        only: { type: 'string' },
        'no-minimise': { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    })
    if (values.seconds !== undefined && values.count !== undefined) throw new Error('--seconds and --count exclude each other')
    const seconds = values.count === undefined ? number('seconds', values.seconds ?? String(DEFAULT_SECONDS)) : Number.POSITIVE_INFINITY
    const count = values.count === undefined ? Number.POSITIVE_INFINITY : number('count', values.count)
    return {
      seed: number('seed', values.seed),
      count,
      time: seconds * 1_000,
      only: chosen(values.only),
      minimising: values['no-minimise'] ? 0 : MINIMISING,
      json: values.json,
    }
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`)
    return undefined
  }
}

function number(name: string, text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`--${name} takes a whole number, but got "${text}"`)
  return value
}

function chosen(only: string | undefined): readonly GeneratorName[] {
  if (only === undefined) return GENERATORS
  return only.split(',').map((name) => {
    const found = GENERATORS.find((each) => each === name)
    if (found === undefined) throw new Error(`there is no generator "${name}": there are ${GENERATORS.join(', ')}`)
    return found
  })
}
