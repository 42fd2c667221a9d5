/** Runs subjects raw, guarded and with fuel, each in a process of its own, one after another. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Outcome } from './child.ts'
import type { RealSubject } from './subject.ts'

const TIMEOUT = 600_000
const CHILD = join(import.meta.dirname, 'child.ts')

/** What came of one subject. A child that crashes or hangs takes nothing with it. */
export async function compare({ id }: RealSubject, rounds: number): Promise<Outcome> {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, ['--no-warnings', CHILD, id, String(rounds)], { timeout: TIMEOUT, maxBuffer: 2 ** 26 })
    return JSON.parse(stdout) as Outcome
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) }
  }
}

/** How many times longer than raw. */
export function ratio(outcome: Outcome, side: 'guarded' | 'fuelled'): number | undefined {
  const { raw, [side]: time } = outcome
  return raw === undefined || time === undefined ? undefined : time / raw
}
