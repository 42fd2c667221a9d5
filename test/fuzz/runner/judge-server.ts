/** Judges modules that it is sent, in a process that may be killed. See `RemoteJudge`. */

import { collectGarbage } from '../../support/garbage.ts'
import type { Failure } from '../oracles/failure.ts'
import { judge, runRaw } from '../oracles/judge.ts'
import type { Variant } from '../oracles/variants.ts'
import { Status } from './status.ts'

export interface Question {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly seed: number
  /** Names of variants; none to run the module only as it is. */
  readonly variants: readonly string[]
}

export interface Answer {
  readonly failures: readonly Failure[]
  readonly notes: readonly string[]
}

const COLLECT_EVERY = 100

const [variantsUrl, statusPath] = process.argv.slice(2) as [string, string]
const { VARIANTS } = (await import(variantsUrl)) as { VARIANTS: readonly Variant[] }
const status = new Status(statusPath)
let questions = 0

process.on('message', ({ bytes, seed, variants }: Question) => {
  status.set(++questions, 'judging')
  if (questions % COLLECT_EVERY === 0) collectGarbage()
  process.send?.(answer(bytes, seed, variants))
})
process.send?.('ready')

function answer(bytes: Uint8Array<ArrayBuffer>, seed: number, names: readonly string[]): Answer {
  const phase = (name: string) => status.set(questions, name)
  if (names.length > 0) {
    const chosen = VARIANTS.filter(({ name }) => names.includes(name))
    return judge(bytes, seed, chosen, phase)
  }
  phase('running raw')
  runRaw(bytes, seed)
  return { failures: [], notes: [] }
}
