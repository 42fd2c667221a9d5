/** The attacks that are written as text: one idea a file, whose first line says what it tries. */

import { readdirSync, readFileSync } from 'node:fs'
import { wat } from '../support/wat.ts'

export interface Attack {
  readonly name: string
  readonly tries: string
  readonly source: string
  readonly bytes: Uint8Array<ArrayBuffer>
}

const FOLDER = new URL('../guard/attacks/', import.meta.url)

/**
 * @param part those whose export `run` runs away (none given); `start`: whose start function does; `indices`: that name what is not theirs,
 * see indices.test.ts
 */
export function attacks(part: '' | 'start/' | 'indices/' = ''): Attack[] {
  const folder = new URL(part, FOLDER)
  return readdirSync(folder)
    .filter((file) => file.endsWith('.wat'))
    .map((file) => {
      const source = readFileSync(new URL(file, folder), 'utf8')
      const [, tries] = /^;; (.+)\n/.exec(source) ?? []
      if (tries === undefined) throw new Error(`${part}${file} must say in its first line what it tries`)
      return { name: `${part}${file.replace('.wat', '')}`, tries, source, bytes: wat(source, file) }
    })
}

/** Does this engine know all that a module uses? */
export function isKnown(bytes: Uint8Array): boolean {
  return WebAssembly.validate(bytes as Uint8Array<ArrayBuffer>)
}
