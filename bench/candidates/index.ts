/** In the order of the tables: Curfew, the limit, and what else one may pick. */
import { versionOf } from '../peers/packages.ts'
import type { Candidate } from './candidate.ts'
import { curfew, curfewSync, curfewThreads } from './curfew.ts'
import { extism, extismWorker } from './extism.ts'
import { piscina } from './piscina.ts'
import { quickjs } from './quickjs.ts'
import { raw, vmScript } from './raw.ts'
import { wazero } from './wazero.ts'
import { worker } from './worker.ts'

export const CANDIDATES: readonly Candidate[] = [curfew, curfewSync, curfewThreads, raw, vmScript, worker, piscina, extism, extismWorker, quickjs, wazero]

/** Why one cannot be measured here. */
export function missing({ package: name, missing: reason }: Candidate): string | undefined {
  if (name !== undefined && versionOf(name) === undefined) return `${name} is not installed`
  return reason?.()
}
