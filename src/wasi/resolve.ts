/**
 * Where a path of a guest leads, name by name, from a directory that it has and never out of it: by `..`, by an absolute path, or by a
 * symlink, whoever made that. The file system is asked for single names alone, and follows nothing itself.
 */
import { type Directory, FILE_TYPE, type Stat } from './directory.ts'
import { WasiError } from './errno.ts'

export const LONGEST_PATH = 4096
export const LONGEST_NAME = 255
/** As Linux. */
const MOST_SYMLINKS = 40
/** Names looked up for one path, with those that its symlinks bring. */
const MOST_NAMES = 256

/** Where a path leads. */
export interface Place {
  readonly directory: Directory
  /** Undefined: the directory itself. */
  readonly name: string | undefined
  /** Of what is there; undefined if there is nothing of that name. */
  readonly stat: Stat | undefined
  /** Has the path a slash at its end? Then what is there is a directory, or nothing. */
  readonly wantsDirectory: boolean
}

/** A place that has a name. */
export interface NamedPlace extends Place {
  readonly name: string
}

/**
 * @param follow is a symlink at the end of the path followed?
 * @param use what to do there; directories that were opened on the way are closed afterwards
 * @throws WasiError `notcapable` for a path that leads out; `noent`, `notdir`, `loop`, `nametoolong`, `inval`; errors of the file system
 */
export function at<T>(from: Directory, path: string, follow: boolean, use: (place: Place) => T): T {
  const walk = new Walk(from)
  try {
    return use(walk.to(path, follow))
  } finally {
    walk.end()
  }
}

class Walk {
  /** From where it began to where it is. */
  readonly #above: Directory[]
  /** Names to come, the next one last. */
  #names: string[] = []
  #wantsDirectory = false
  #looked = 0
  #followed = 0

  constructor(from: Directory) {
    this.#above = [from]
  }

  get #here(): Directory {
    return this.#above.at(-1) as Directory
  }

  to(path: string, follow: boolean): Place {
    this.#append(path)
    for (let name = this.#names.pop(); name !== undefined; name = this.#names.pop()) {
      if (name === '..') {
        this.#leave()
        continue
      }
      const stat = this.#lookUp(name)
      const isLast = this.#names.length === 0
      const isLink = stat?.type === FILE_TYPE.symlink
      if (isLink && (!isLast || follow || this.#wantsDirectory)) this.#follow(name)
      else if (isLast) return this.#arrive(name, stat)
      else if (stat === undefined) throw new WasiError('noent')
      else if (stat.type !== FILE_TYPE.directory) throw new WasiError('notdir')
      else this.#above.push(this.#here.openDirectory(name))
    }
    return { directory: this.#here, name: undefined, stat: this.#here.stat(), wantsDirectory: true }
  }

  end(): void {
    while (this.#above.length > 1) this.#above.pop()?.close()
  }

  #append(path: string): void {
    if (path === '') throw new WasiError('noent')
    if (path.startsWith('/')) throw new WasiError('notcapable')
    if (path.includes('\0')) throw new WasiError('inval')
    // What comes after it decides, if anything does
    if (this.#names.length === 0) this.#wantsDirectory ||= /(^|\/)\.?$/.test(path)
    const names = path.split('/').filter((name) => name !== '' && name !== '.')
    for (const name of names.reverse()) this.#names.push(name)
  }

  #leave(): void {
    if (this.#above.length === 1) throw new WasiError('notcapable')
    this.#above.pop()?.close()
  }

  #lookUp(name: string): Stat | undefined {
    if (++this.#looked > MOST_NAMES) throw new WasiError('nametoolong')
    if (new TextEncoder().encode(name).length > LONGEST_NAME) throw new WasiError('nametoolong')
    return this.#here.lookUp(name)
  }

  #follow(name: string): void {
    if (++this.#followed > MOST_SYMLINKS) throw new WasiError('loop')
    this.#append(this.#here.readLink(name))
  }

  #arrive(name: string, stat: Stat | undefined): Place {
    if (this.#wantsDirectory && stat !== undefined && stat.type !== FILE_TYPE.directory) throw new WasiError('notdir')
    return { directory: this.#here, name, stat, wantsDirectory: this.#wantsDirectory }
  }
}
