/** Goes through cases, in a process of its own: a case may kill it, or never end. Who started it watches `Status`, and goes on behind that case. */

import { collectGarbage } from '../../support/garbage.ts'
import { caseOf, type FuzzCase, variantOf } from '../cases.ts'
import { type GeneratorName, generate } from '../generators/generate.ts'
import { judge } from '../oracles/judge.ts'
import type { Variant } from '../oracles/variants.ts'
import type { Found, FromWorker } from './messages.ts'
import { Status } from './status.ts'
import { count, countNote, emptyTally, type Tally } from './tally.ts'

export interface Task {
  readonly seed: number
  /** Numbers of cases. */
  readonly from: number
  readonly to: number
  readonly only: readonly GeneratorName[]
  readonly status: string
  /** URL of a module that exports `VARIANTS`. */
  readonly variants: string
}

/** Cases between two reports. */
const BATCH = 25

await main(JSON.parse(process.argv[2] as string) as Task)

async function main({ seed, from, to, only, status: path, variants }: Task): Promise<void> {
  const status = new Status(path)
  const { VARIANTS } = (await import(variants)) as { VARIANTS: readonly Variant[] }
  let tally = emptyTally()
  for (let number = from; number < to; number++) {
    const found = await oneCase(caseOf(seed, number, only), VARIANTS, tally, status)
    if (found !== undefined) await send({ kind: 'found', found })
    if ((number + 1 - from) % BATCH !== 0 && number + 1 < to) continue
    await send({ kind: 'tally', tally, next: number + 1 })
    tally = emptyTally()
    collectGarbage()
  }
  status.close()
  process.disconnect?.()
}

async function oneCase(fuzzCase: FuzzCase, variants: readonly Variant[], tally: Tally, status: Status): Promise<Found | undefined> {
  const { number, generator, seed } = fuzzCase
  const figures = tally.generators[generator]
  status.set(number, 'generating')
  const start = performance.now()
  const { bytes, note } = await generate(generator, seed)
  const made = performance.now()
  figures.generateMs += made - start
  if (bytes === undefined) {
    figures.nothing++
    countNote(tally, note)
    return undefined
  }
  const judgement = judge(bytes, seed, [variantOf(fuzzCase, variants)], (phase) => status.set(number, phase))
  figures.judgeMs += performance.now() - made
  count(tally, generator, number, judgement)
  return judgement.failures.length === 0 ? undefined : { case: fuzzCase, note, bytes, failures: judgement.failures }
}

/** Waits until it is on its way: the loop above leaves no time for that. */
function send(message: FromWorker): Promise<void> {
  return new Promise((done, failed) => process.send?.(message, (error: Error | null) => (error === null ? done() : failed(error))))
}
