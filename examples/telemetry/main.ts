/**
 * What Curfew tells of its calls, as OpenTelemetry spans and metrics. `instrument.ts` is the part to copy.
 *
 *   node examples/telemetry/main.ts [--json]
 */
import { parseArgs } from 'node:util'
import { instrument } from './instrument.ts'
import { play } from './scene.ts'
import { MemorySdk } from './sdk.ts'
import { formatReport, type Report, treeOf } from './summary.ts'

const options = readArguments()
if (options === undefined) process.exitCode = 2
else {
  const report = await run()
  console.log(options.json ? JSON.stringify(report, undefined, 2) : formatReport(report))
}

async function run(): Promise<Report> {
  const sdk = new MemorySdk()
  const switchOff = instrument(sdk)
  try {
    await play(sdk.tracer)
    return { spans: treeOf(await sdk.spans()), metrics: await sdk.metrics() }
  } finally {
    switchOff()
    await sdk.close()
  }
}

function readArguments(): { json: boolean } | undefined {
  try {
    return parseArgs({ options: { json: { type: 'boolean', default: false } } }).values
  } catch (error) {
    console.error(`${(error as Error).message}\nusage: node examples/telemetry/main.ts [--json]`)
    return undefined
  }
}
