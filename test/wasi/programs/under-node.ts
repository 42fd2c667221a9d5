/**
 * Runs a program under `node:wasi`, in a process of its own: it takes the process's own streams, and waits without giving anything else a turn.
 * It is no sandbox, and says so; as for what a program sees that keeps to its folders, it is what others take for WASI.
 */

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Case } from './cases.ts'
import { HostFolders } from './folders.ts'
import type { Errand } from './run-under-node.ts'
import type { Outcome } from './transcript.ts'

const RUNNER = join(import.meta.dirname, 'run-under-node.ts')

export function underNode(program: string, { name, args = [], env = {}, stdin = '', folders = {} }: Case): Outcome {
  const host = new HostFolders(folders)
  try {
    const report = join(host.root, 'report')
    const errand: Errand = { program, args: [name, ...args], env, preopens: host.paths, report }
    const { stdout, stderr, error } = spawnSync(process.execPath, ['--no-warnings', RUNNER, JSON.stringify(errand)], {
      input: stdin,
      encoding: 'utf8',
      timeout: 20_000,
    })
    if (error !== undefined) throw error
    return { exitCode: JSON.parse(readFileSync(report, 'utf8')), stdout, stderr, files: host.read() }
  } finally {
    host[Symbol.dispose]()
  }
}
