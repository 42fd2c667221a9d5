/** Files and directories by name. */
import { optionError } from '../errors.ts'

/** As users write and read them: text or bytes; directories are objects in it. */
export interface FileTree {
  readonly [name: string]: string | Uint8Array | FileTree
}

/** Checked, and copied: what a directory in memory begins with. */
export type Files = ReadonlyMap<string, Uint8Array | Files>

const LONGEST_NAME = 255

/** What files take, those of directories in them included. */
export interface FileSizes {
  readonly bytes: number
  /** Files and directories. */
  readonly count: number
  /** Right in it. */
  readonly directories: number
}

const sizes = new WeakMap<Files, FileSizes>()

/** Added up once, however many instances begin with them. */
export function sizesOf(files: Files): FileSizes {
  const known = sizes.get(files)
  if (known !== undefined) return known
  let [bytes, count, directories] = [0, files.size, 0]
  for (const what of files.values()) {
    if (what instanceof Uint8Array) bytes += what.length
    else {
      const inside = sizesOf(what)
      directories++
      bytes += inside.bytes
      count += inside.count
    }
  }
  const sum = { bytes, count, directories }
  sizes.set(files, sum)
  return sum
}

/** @throws CurfewError `invalid-option`, also for what cannot be the name of a file */
export function filesOf(option: string, tree: unknown): Files {
  if (typeof tree !== 'object' || tree === null || Array.isArray(tree)) throw optionError(option, 'an object of strings, Uint8Arrays and such objects', tree)
  return new Map(
    Object.entries(tree).map(([name, value]): [string, Uint8Array | Files] => {
      if (/^(|\.|\.\.)$|[/\0]/.test(name) || new TextEncoder().encode(name).length > LONGEST_NAME)
        throw optionError(option, `names of files of at most ${LONGEST_NAME} bytes, without slashes`, name)
      if (typeof value === 'string') return [name, new TextEncoder().encode(value)]
      return [name, value instanceof Uint8Array ? value.slice() : filesOf(`${option}.${name}`, value)]
    }),
  )
}
