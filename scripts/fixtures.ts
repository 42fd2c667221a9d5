/** Every committed file that a script makes: where it is and how it is made. */

import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { main as assemblyScript } from 'assemblyscript/asc'
import { makeMessages } from '../examples/redact/make-messages.ts'
import { wat } from '../test/support/wat.ts'

export interface Fixture {
  /** Relative to the repository, with forward slashes. */
  readonly path: string
  build(): Promise<Uint8Array>
}

export const ROOT = join(import.meta.dirname, '..')

/** Folders whose `.wat` files are assembled to a `.wasm` each. */
export const WAT_FOLDERS = ['test/fixtures', 'examples/runaway', 'examples/telemetry']

export function fixtures(): Fixture[] {
  return [
    ...WAT_FOLDERS.flatMap(assembled),
    { path: 'examples/redact/redact.wasm', build: () => compiled('examples/redact/assembly/index.ts') },
    { path: 'examples/redact/messages.txt', build: async () => Buffer.from(makeMessages().text) },
  ]
}

function assembled(folder: string): Fixture[] {
  const sources = readdirSync(join(ROOT, folder)).filter((name) => name.endsWith('.wat'))
  return sources.map((name) => ({
    path: `${folder}/${basename(name, '.wat')}.wasm`,
    build: async () => wat(readFileSync(join(ROOT, folder, name), 'utf8'), `${folder}/${name}`),
  }))
}

/** No runtime and no `abort`: the plugin imports nothing. */
const ASC_OPTIONS = ['-O3', '--noAssert', '--runtime', 'stub', '--use', 'abort=', '--outFile', 'out.wasm']

async function compiled(source: string): Promise<Uint8Array> {
  let binary: Uint8Array | undefined
  const { error, stderr } = await assemblyScript([source, '--baseDir', ROOT, ...ASC_OPTIONS], {
    writeFile(name, contents) {
      if (name === 'out.wasm' && typeof contents !== 'string') binary = contents
    },
  })
  if (error !== null || binary === undefined) throw new Error(`${source} does not compile: ${String(stderr)}`, { cause: error })
  return binary
}
