/** Failing cases on disk: `fuzz-failures/<n>/`, which git ignores. `case.json` is what `replay.ts` reads. */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { print } from '../../guard/print.ts'
import type { Failure } from '../oracles/failure.ts'
import type { Found } from './messages.ts'

export const FOLDER = join(import.meta.dirname, '../../../fuzz-failures')

export interface Replayable {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly seed: number
  /** Names. */
  readonly variants: readonly string[]
}

/** Returns the folder of its own that the case got. */
export function writeFailure(found: Found, folder: string = FOLDER): string {
  mkdirSync(folder, { recursive: true })
  const number = Math.max(0, ...readdirSync(folder).map(Number).filter(Number.isInteger)) + 1
  const path = join(folder, String(number))
  mkdirSync(path)
  const { case: fuzzCase, note, bytes, failures } = found
  const variants = [...new Set(failures.map(({ variant }) => variant))]
  writeFileSync(join(path, 'original.wasm'), bytes)
  writeFileSync(join(path, 'case.json'), `${JSON.stringify({ ...fuzzCase, note, node: process.version, variants, failures }, undefined, 2)}\n`)
  writeFileSync(join(path, 'report.txt'), report(found, path))
  return path
}

export function writeMinimised(path: string, bytes: Uint8Array): void {
  writeFileSync(join(path, 'minimised.wasm'), bytes)
  writeFileSync(join(path, 'minimised.txt'), text(bytes))
}

function report({ case: { number, generator, seed }, note, failures }: Found, path: string): string {
  const lines = [
    `Case ${number}: ${generator}, seed ${seed} (${note}), Node ${process.version}`,
    `Again: node test/fuzz/replay.ts ${path}`,
    '',
    ...failures.flatMap(describeFailure),
  ]
  return `${lines.join('\n')}\n`
}

export function describeFailure({ kind, variant, details }: Failure): string[] {
  return [`${kind} (${variant})`, ...details.map((line) => `  ${line}`), '']
}

/** As far as it can be read. */
export function text(bytes: Uint8Array): string {
  try {
    return print(bytes)
  } catch (error) {
    return `${String(error)}\n${Buffer.from(bytes).toString('hex')}\n`
  }
}

/**
 * @param path a case's folder, or a module with or without a `case.json` beside it
 * @param all names of variants that there are
 */
export function readCase(path: string, all: readonly string[]): Replayable {
  const isFolder = statSync(path).isDirectory()
  const minimised = join(path, 'minimised.wasm')
  const file = !isFolder ? path : existsSync(minimised) ? minimised : join(path, 'original.wasm')
  const description = join(isFolder ? path : dirname(path), 'case.json')
  const known = existsSync(description) ? (JSON.parse(readFileSync(description, 'utf8')) as { seed: number; variants: string[] }) : undefined
  const variants = known?.variants.filter((name) => all.includes(name)) ?? []
  return { bytes: new Uint8Array(readFileSync(file)), seed: known?.seed ?? 0, variants: variants.length > 0 ? variants : all }
}
