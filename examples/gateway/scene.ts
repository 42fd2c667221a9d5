/** One scene: the messages are redacted one after another while a client asks the HTTP server, with the runaway or without. */
import { LagSampler } from './lag.ts'
import { addCounts, type Counts, noCounts, type RedactPlugin } from './plugin.ts'
import type { Progress } from './progress.ts'
import type { Runaway, RunawayResult } from './runaway.ts'
import { Samples, type Summary } from './samples.ts'
import type { Server } from './server.ts'

export interface Limits {
  /** ms for each message. */
  readonly message: number
  /** ms for each call of the runaway. */
  readonly runaway: number
}

export interface SceneResult {
  readonly messages: number
  readonly redacted: Counts
  readonly seconds: number
  /** All times in ms. */
  readonly message: Summary
  readonly lag: Summary
  readonly http: Summary
  readonly runaway: (Omit<RunawayResult, 'late'> & { readonly late: Summary }) | undefined
}

/** So often the runaway is stopped at least, however few the messages. */
const STOPS_AT_LEAST = 20

export async function play(
  messages: readonly string[],
  plugin: RedactPlugin,
  runaway: Runaway | undefined,
  server: Server,
  limits: Limits,
  progress: Progress,
): Promise<SceneResult> {
  const redacted = noCounts()
  const times = new Samples()
  const began = performance.now()
  const sampler = new LagSampler()
  const stopAsking = server.ask()
  const stopRunaway = runaway?.start(limits.runaway, STOPS_AT_LEAST)
  for (const [index, message] of messages.entries()) {
    const from = performance.now()
    const { counts } = await plugin.redact(message, limits.message)
    times.add(performance.now() - from)
    addCounts(redacted, counts)
    progress.show(index + 1, messages.length)
  }
  const ranAway = await stopRunaway?.()
  const http = await stopAsking()
  return {
    messages: messages.length,
    redacted,
    seconds: (performance.now() - began) / 1000,
    message: times.summary,
    lag: sampler.stop().summary,
    http: http.summary,
    runaway: ranAway && { ...ranAway, late: ranAway.late.summary },
  }
}
