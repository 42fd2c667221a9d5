/** The files of the repository, without what is installed or built. */

import { readdirSync } from 'node:fs'
import { join } from 'node:path'

const NOT_OURS = new Set(['node_modules', 'dist', '.git', '.nodes'])

/** Relative paths with forward slashes, sorted. */
export function filesOf(root: string, folder = ''): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (NOT_OURS.has(entry.name)) return []
      return entry.isDirectory() ? filesOf(root, path) : [path]
    })
    .sort()
}
