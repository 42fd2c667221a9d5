/** What the figures were made on. */
import { arch, cpus, loadavg, release, totalmem, type } from 'node:os'
import { CANDIDATES } from './candidates/index.ts'
import { versions } from './peers/packages.ts'

export interface Machine {
  readonly cpu: string
  readonly cores: number
  /** Bytes. */
  readonly memory: number
  readonly system: string
  readonly node: string
  readonly v8: string
  /** Processes that wanted to run, in the last minute, when the run began: at most `cores`, or others took their share. */
  readonly load: number
  readonly date: string
}

export function machine(): Machine {
  const cores = cpus()
  return {
    cpu: cores[0]?.model.trim() ?? 'unknown',
    cores: cores.length,
    memory: totalmem(),
    system: `${type()} ${release()} ${arch()}`,
    node: process.versions.node,
    v8: process.versions.v8,
    load: loadavg()[0] as number,
    date: new Date().toISOString(),
  }
}

/** Versions of the peers, by name: what is built only when it is measured has one after that. */
export function packages(): Readonly<Record<string, string>> {
  return Object.assign(versions(), ...CANDIDATES.map((candidate) => candidate.versions?.()))
}

export function describe({ node, v8, cpu, cores, memory, system, load }: Machine): string {
  return `Node ${node}, V8 ${v8}; ${cpu}, ${cores} cores, ${Math.round(memory / 2 ** 30)} GiB, ${system}; load ${load.toFixed(1)}`
}
