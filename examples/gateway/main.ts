/**
 * The main job, `npm start`: a gateway redacts messages with one plugin while it serves HTTP and another plugin never returns.
 * All of it in this process, on this thread.
 *
 *   node examples/gateway/main.ts [--messages N] [--json]
 */
import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { Host } from 'curfew'
import { RedactPlugin } from './plugin.ts'
import { Progress } from './progress.ts'
import { Runaway } from './runaway.ts'
import { play, type SceneResult } from './scene.ts'
import { startServer } from './server.ts'
import { formatReport, type Report } from './table.ts'

/** ms for each call, of either plugin. */
const LIMIT = 50
/** Without JSPI each message waits for the runaway, whose limit is as long as its own: so it has more, and there are fewer messages. */
const LIMIT_UNSLICED = 1_000
const MESSAGES_UNSLICED = 40

const options = readArguments()
if (options === undefined) process.exitCode = 2
else await main(options.messages, options.json)

async function main(limit: number, json: boolean): Promise<void> {
  const messages = (await readMessages()).slice(0, limit)
  const report = await run(messages)
  console.log(json ? JSON.stringify(report, undefined, 2) : formatReport(report))
}

async function run(messages: readonly string[]): Promise<Report> {
  const host = new Host({ execTimeout: LIMIT_UNSLICED })
  const server = await startServer()
  try {
    const plugin = await RedactPlugin.load(host)
    const runaway = await Runaway.load(host)
    const { slices } = host.features
    const scene = async (label: string, texts: readonly string[], beside: Runaway | undefined): Promise<SceneResult> => {
      const progress = new Progress(label)
      const result = await play(texts, plugin, beside, server, { message: slices ? LIMIT : LIMIT_UNSLICED, runaway: LIMIT }, progress)
      progress.clear()
      return result
    }
    const alone = await scene('redacting alone', messages, undefined)
    const beside = await scene('redacting beside the runaway', slices ? messages : messages.slice(0, MESSAGES_UNSLICED), runaway)
    return { node: process.versions.node, slices, limit: LIMIT, example: await example(plugin, messages), alone, beside }
  } finally {
    await server.close()
    await host.close()
  }
}

async function readMessages(): Promise<string[]> {
  const text = await readFile(new URL('../redact/messages.txt', import.meta.url), 'utf8')
  return text.trimEnd().split('\n')
}

/** One message before and after: the first in which something is redacted twice. */
async function example(plugin: RedactPlugin, messages: readonly string[]): Promise<Report['example']> {
  for (const before of messages) {
    const { text: after, counts } = await plugin.redact(before, LIMIT)
    if (counts.emails + counts.keys + counts.cards > 1) return { before, after }
  }
  return undefined
}

function readArguments(): { messages: number; json: boolean } | undefined {
  try {
    const { values } = parseArgs({ options: { messages: { type: 'string' }, json: { type: 'boolean', default: false } } })
    const messages = Number(values.messages ?? Number.MAX_SAFE_INTEGER)
    if (!Number.isSafeInteger(messages) || messages < 1) throw new Error(`--messages takes a whole number above 0, but got "${values.messages}"`)
    return { messages, json: values.json }
  } catch (error) {
    console.error(`${(error as Error).message}\nusage: node examples/gateway/main.ts [--messages N] [--json]`)
    return undefined
  }
}
