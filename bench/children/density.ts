/** Keeps so many plugins of a candidate alive, each called once, and says what the process holds for each of them. */

import { held } from '../../test/support/garbage.ts'
import { ADDENDS } from '../candidates/candidate.ts'
import { CANDIDATES } from '../candidates/index.ts'
import { PATIENT } from '../comparison/contenders.ts'

const [, , id, size] = process.argv
const count = Number(size)
const candidate = CANDIDATES.find((each) => each.id === id)
if (candidate === undefined) throw new Error(`there is no candidate "${id}"`)
const engine = await candidate.start({ timeout: PATIENT })
/** What a process takes once, for whatever number of plugins (room for young objects, compiled code), is not a plugin's. A thread for each is. */
const warmUp = candidate.most === undefined ? Math.min(100, 10 * count) : 1
const kept: unknown[] = []
for (let number = 0; number < warmUp; number++) await live(number)
const before = await resident()
for (let number = warmUp; number < warmUp + count; number++) await live(number)
const after = await resident()
process.stdout.write(JSON.stringify({ each: (after - before) / count }))
// Threads of whatever kind are not to keep it
process.exit()

/** Of the process in which they live. */
async function resident(): Promise<number> {
  return engine.there?.held() ?? (await held()).resident
}

async function live(number: number): Promise<void> {
  const plugin = await engine.plugin(number)
  await plugin.add?.(...ADDENDS)
  kept.push(plugin)
}
