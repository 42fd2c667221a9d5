/** The other process of `under-node.ts`: runs the program that it is told of, with its own standard streams. Says at the end, in the file it is told of, how that went. */

import { readFileSync, writeFileSync } from 'node:fs'
import { WASI } from 'node:wasi'

export interface Errand {
  readonly program: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly preopens: Readonly<Record<string, string>>
  readonly report: string
}

const { program, args, env, preopens, report }: Errand = JSON.parse(process.argv[2] as string)
const wasi = new WASI({ version: 'preview1', args: [...args], env: { ...env }, preopens: { ...preopens }, returnOnExit: true })
const instance = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(program)), wasi.getImportObject() as WebAssembly.Imports)
writeFileSync(report, JSON.stringify(start()))

function start(): number | 'trap' {
  try {
    return wasi.start(instance)
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) return 'trap'
    throw error
  }
}
