/** Every committed file that a script makes: where it is and how it is made. */

import { readdirSync, readFileSync } from 'node:fs'
import { basename, extname, join } from 'node:path'
import { makeMessages } from '../examples/redact/make-messages.ts'
import { wat } from '../test/support/wat.ts'
import { compile, lacking, output, TOOLCHAINS } from './toolchains.ts'

export interface Fixture {
  /** Relative to the repository, with forward slashes. */
  readonly path: string
  /** What is not there that it takes to make it. */
  readonly lacks?: string | undefined
  build(): Promise<Uint8Array>
}

export const ROOT = join(import.meta.dirname, '..')

/** Folders whose `.wat` files are assembled to a `.wasm` each. */
export const WAT_FOLDERS = ['test/fixtures', 'examples/runaway', 'examples/telemetry']

export function fixtures(): Fixture[] {
  return [
    ...WAT_FOLDERS.flatMap(assembled),
    ...programs(),
    { path: 'examples/redact/redact.wasm', build: () => compiled('examples/redact/assembly/index.ts', PLUGIN) },
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

/** Programs for WASI, one file each. */
function programs(): Fixture[] {
  const folder = 'test/wasi/programs'
  return readdirSync(join(ROOT, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => readdirSync(join(ROOT, folder, name)).map((file) => `${folder}/${name}/${file}`))
    .flatMap((source): Fixture[] => {
      const path = source.replace(/\.\w+$/, '.wasm')
      const extension = extname(source)
      if (extension === '.ts') return [{ path, build: () => compiled(source, PROGRAM) }]
      if (TOOLCHAINS[extension] === undefined) return []
      const flags = source.endsWith('/reactor.c') ? ['-mexec-model=reactor'] : []
      return [{ path, lacks: lacking(extension), build: async () => compile(join(ROOT, source), flags) }]
    })
}

/** No runtime and no `abort`: the plugin imports nothing. */
const PLUGIN = ['-O3', '--noAssert', '--runtime', 'stub', '--use', 'abort=']
const WASI_SHIM = 'node_modules/@assemblyscript/wasi-shim'
const PROGRAM = ['-O3s', '--runtime', 'minimal', '--config', `${WASI_SHIM}/asconfig.json`, '--lib', `${WASI_SHIM}/assembly`]

/** In a process of its own: the compiler keeps the library that it was given for what it compiles next. */
async function compiled(source: string, options: readonly string[]): Promise<Uint8Array> {
  return output((out) => [process.execPath, 'node_modules/assemblyscript/bin/asc.js', source, '--baseDir', ROOT, ...options, '--outFile', out], ROOT)
}
