/** Files in memory, as users hold them. */
import { CurfewError, optionError } from '../errors.ts'
import { type FileTree, filesOf } from './file-tree.ts'
import { Quota } from './quota.ts'
import type { VirtualDirectory } from './virtual-directory.ts'

export interface FileLimits {
  /** Bytes of all files together, and the most that one may be long. Default 64 MiB. */
  readonly fileSizeLimit?: number
  /** Files, directories, symlinks and further hard links. Default 10,000. */
  readonly fileCountLimit?: number
}

const DEFAULT_FILE_SIZE_LIMIT = 64 * 1024 * 1024
const DEFAULT_FILE_COUNT_LIMIT = 10_000

/** @returns what makes quotas of that size. @throws CurfewError `invalid-option` */
export function quotaMaker({ fileSizeLimit, fileCountLimit }: FileLimits): () => Quota {
  const bytes = limit('fileSizeLimit', fileSizeLimit, DEFAULT_FILE_SIZE_LIMIT)
  const files = limit('fileCountLimit', fileCountLimit, DEFAULT_FILE_COUNT_LIMIT)
  return () => new Quota(bytes, files)
}

function limit(name: string, value: unknown, absent: number): number {
  if (value === undefined) return absent
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 1) throw optionError(name, 'a whole number, 1 or more', value)
  return value
}

/** The library is loaded once somebody has files in memory. */
export async function loadVirtualDirectory(): Promise<typeof VirtualDirectory> {
  return (await import('./virtual-directory.ts')).VirtualDirectory
}

/** A directory in memory that outlives instances: for all that it is given to, and to read what they have written. */
export class MemoryDirectory {
  /** @internal */
  readonly root: VirtualDirectory

  private constructor(root: VirtualDirectory) {
    this.root = root
  }

  /** @param files what is in it at first. @throws CurfewError `invalid-option`, also if they are above the limits */
  static async create(files: FileTree = {}, limits: FileLimits = {}): Promise<MemoryDirectory> {
    const unknown = Object.keys(limits).find((name) => name !== 'fileSizeLimit' && name !== 'fileCountLimit')
    if (unknown !== undefined) throw optionError('limits', '`fileSizeLimit` and `fileCountLimit`', unknown)
    const [copied, quota] = [filesOf('files', files), quotaMaker(limits)]
    const Virtual = await loadVirtualDirectory()
    try {
      return new MemoryDirectory(Virtual.root(copied, quota(), Date.now))
    } catch (cause) {
      throw new CurfewError('invalid-option', 'the files given to `MemoryDirectory.create` are above `fileSizeLimit` or `fileCountLimit`', { cause })
    }
  }

  /** Everything in it, copied, as objects without a prototype. Symlinks are left out. @throws UsageError `file-limit` if a guest has made it larger than it may be, with holes say */
  get files(): FileTree {
    return this.root.files
  }

  /** A file's bytes, copied; undefined if there is no such file. @param path as `out/report.txt` */
  read(path: string): Uint8Array | undefined {
    return this.root.bytesOf(path.split('/'))
  }
}
