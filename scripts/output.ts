/** A folder that is made of another, and used by others while it is made again. */
import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Is a file older than anything among its sources, or not there? @param sources files, and folders with all in them: one of which something was deleted is newer */
export function isOlder(file: string, sources: readonly string[]): boolean {
  const made = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0
  return sources.some((source) => newest(source) > made)
}

function newest(path: string): number {
  const stats = statSync(path)
  const within = stats.isDirectory() ? readdirSync(path, { recursive: true, encoding: 'utf8' }).map((name) => statSync(join(path, name)).mtimeMs) : []
  return Math.max(stats.mtimeMs, ...within)
}

/** Each file takes the place of the one of its name, so that whoever reads them finds one or the other; then those go that are not made any more. */
export function replace(folder: string, made: string): void {
  const files = new Set(filesOf(made))
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    renameSync(join(made, file), join(folder, file))
  }
  for (const file of filesOf(folder)) if (!files.has(file)) rmSync(join(folder, file))
  rmSync(made, { recursive: true })
}

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => statSync(join(folder, name)).isFile())
}
