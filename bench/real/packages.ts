/** The packages of this folder's `package.json`, each time with module state of its own. */
import { existsSync, readFileSync } from 'node:fs'
import { createRequire, registerHooks } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const FOLDER = join(import.meta.dirname, 'node_modules')
const FOLDER_URL = pathToFileURL(FOLDER).href
const require = createRequire(import.meta.url)

export const installed = existsSync(FOLDER)
export const HOW_TO_INSTALL = 'npm --prefix bench/real ci'

/** A module that is imported by a copy is a copy too. */
registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context)
    const copy = /\?copy=\d+$/.exec(context.parentURL ?? '')?.[0]
    return copy !== undefined && found.url.startsWith(FOLDER_URL) && !found.url.includes('?') ? { ...found, url: found.url + copy } : found
  },
})

let copies = 0

/** Imports a package anew, whether it has been imported before or not. Nothing is known of its types when the packages are not installed, so the caller says. */
export async function load<T>(specifier: string): Promise<T> {
  forget()
  return (await import(`${import.meta.resolve(specifier)}?copy=${++copies}`)) as T
}

/** The same by `require`, for packages whose CommonJS side is another one. */
export function loadCommonJs<T>(specifier: string): T {
  forget()
  return require(specifier) as T
}

function forget(): void {
  for (const path of Object.keys(require.cache)) if (path.startsWith(FOLDER)) delete require.cache[path]
}

/** A file of a package: `sql.js/dist/sql-wasm.wasm`. */
export function file(path: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(join(FOLDER, path)))
}

export function text(path: string): string {
  return readFileSync(join(FOLDER, path), 'utf8')
}
