/** Load and soak, `npm run soak`: see `USAGE`. */
import { parseArgs } from 'node:util'
import { LEAST_PLUGINS } from './scale.ts'
import { table } from './table.ts'

const USAGE = `usage: node test/soak/run.ts [--seconds N] [--plugins N] [--seed N] [--threads N] [--no-jspi] [--json]

Loads plugins, each a module of its own, and does to them at random what may happen to plugins: calls, runaways, traps, memory hogs,
aborts, leases, closes, replacements, loads that fail. At the end every call must be accounted for once, memory flat, and nothing left.
Exits with 1 if anything is not as it must be.

  --seconds N   of random actions, after loading (default 120)
  --plugins N   live plugins, ${LEAST_PLUGINS} or more (default 10000; one in four has a memory, and a process has room for some 13,000 memories)
  --seed N      the same seed makes the same actions, as far as their timing allows (default 1)
  --threads N   that guests run in, and that are lost now and then (default 0: they run on the main thread)
  --no-jspi     as on engines that cannot suspend guests: each runs to its end or deadline
  --json        the report for machines
  --help        this`

interface Options {
  readonly plugins: number
  readonly seconds: number
  readonly seed: number
  readonly threads: number
  readonly jspi: boolean
  readonly json: boolean
}

const options = readArguments()
if (options !== undefined) await main(options)

async function main({ json, jspi, ...settings }: Options): Promise<void> {
  // Before anything of Curfew is imported, which looks for them once
  if (!jspi) for (const name of ['Suspending', 'promising']) Reflect.deleteProperty(WebAssembly, name)
  const { soak } = await import('./soak.ts')
  const start = performance.now()
  const onProgress = (what: string) => console.error(`${((performance.now() - start) / 1_000).toFixed().padStart(5)} s  ${what}`)
  const report = await soak({ ...settings, onProgress })
  const { node, v8 } = process.versions
  const seconds = (performance.now() - start) / 1_000
  if (json) console.log(JSON.stringify({ node, v8, ...settings, jspi, took: seconds, ...report }, undefined, 2))
  else
    console.log(
      `\nNode ${node}, V8 ${v8}; ${settings.plugins} plugins, ${settings.threads} threads, seed ${settings.seed}, ${seconds.toFixed()} s\n\n${table(report)}`,
    )
  // What hangs must not keep the process
  process.exit(report.violationCount === 0 ? 0 : 1)
}

function readArguments(): Options | undefined {
  try {
    const { values } = parseArgs({
      allowNegative: true,
      options: {
        seconds: { type: 'string', default: '120' },
        plugins: { type: 'string', default: '10000' },
        seed: { type: 'string', default: '1' },
        threads: { type: 'string', default: '0' },
        jspi: { type: 'boolean', default: true },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
    if (values.help) {
      console.log(USAGE)
      return undefined
    }
    return {
      seconds: number('seconds', values.seconds, 0),
      plugins: number('plugins', values.plugins, LEAST_PLUGINS),
      seed: number('seed', values.seed, 0),
      threads: number('threads', values.threads, 0),
      jspi: values.jspi,
      json: values.json,
    }
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`)
    process.exitCode = 2
    return undefined
  }
}

function number(name: string, text: string, least: number): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < least) throw new Error(`--${name} takes a whole number, ${least} or more, but got "${text}"`)
  return value
}
