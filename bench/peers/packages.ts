/** The packages of this folder's `package.json`: the peers, and what draws. The library itself has none of them. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const FOLDER = join(import.meta.dirname, 'node_modules')

export const HOW_TO_INSTALL = 'npm --prefix bench/peers install'

/** The names and versions that the manifest asks for. */
const wanted = (JSON.parse(readFileSync(join(import.meta.dirname, 'package.json'), 'utf8')) as { devDependencies: Record<string, string> }).devDependencies

/** @returns undefined if it is not installed */
export function versionOf(name: string): string | undefined {
  const manifest = join(FOLDER, name, 'package.json')
  return existsSync(manifest) ? (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version : undefined
}

/** Of all that are installed. */
export function versions(): Record<string, string> {
  return Object.fromEntries(
    Object.keys(wanted).flatMap((name) => [[name, versionOf(name)]].filter((entry): entry is [string, string] => entry[1] !== undefined)),
  )
}

/** Are all of them there, in the versions that are wanted? */
export const installed = Object.entries(wanted).every(([name, version]) => versionOf(name) === version)

/** Nothing is known of its types where the packages are not installed, so the caller says. */
export async function load<T>(specifier: string): Promise<T> {
  return (await import(import.meta.resolve(specifier))) as T
}
