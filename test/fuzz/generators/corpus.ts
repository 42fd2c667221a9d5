/** Modules from elsewhere, to be damaged: the fixtures of the tests, and the official test suite where it lies beside the project. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

const FIXTURES = new URL('../../fixtures/', import.meta.url)
const SUITE = new URL('../../../../shared/spec-testsuite/data/', import.meta.url)
/** Larger ones take long to guard and compile, and damage seldom hits what matters. */
const LARGEST = 20_000

let known: Uint8Array<ArrayBuffer>[] | undefined

/** Valid ones all. */
export function corpus(): readonly Uint8Array<ArrayBuffer>[] {
  known ??= [...fixtures(), ...suite()].filter((bytes) => bytes.length <= LARGEST && WebAssembly.validate(bytes))
  return known
}

function fixtures(): Uint8Array<ArrayBuffer>[] {
  const names = readdirSync(FIXTURES).filter((name) => name.endsWith('.wasm'))
  return names.sort().map((name) => new Uint8Array(readFileSync(new URL(name, FIXTURES))))
}

function suite(): Uint8Array<ArrayBuffer>[] {
  if (!existsSync(SUITE)) return []
  const names = readdirSync(SUITE).filter((name) => name.endsWith('.json.gz'))
  return names.sort().flatMap((name) => {
    const { modules } = JSON.parse(gunzipSync(readFileSync(new URL(name, SUITE))).toString()) as { modules: string[] }
    return modules.map((base64) => new Uint8Array(Buffer.from(base64, 'base64')))
  })
}
