/**
 * What WASI needs of a file system: open directories, by which everything in them is reached by its name. No operation takes a path, and
 * none follows a symlink. A name is never empty, `.` or `..`, and has no `/` in it.
 *
 * What goes wrong is a `WasiError`, or an error of Node's file system.
 */

/** As preview 1 numbers them. */
export const FILE_TYPE = { unknown: 0, blockDevice: 1, characterDevice: 2, directory: 3, file: 4, socket: 6, symlink: 7 } as const
export type FileType = (typeof FILE_TYPE)[keyof typeof FILE_TYPE]

/** Times in ns since the epoch. */
export interface Stat {
  readonly device: bigint
  readonly inode: bigint
  readonly type: FileType
  readonly links: bigint
  readonly size: bigint
  readonly accessed: bigint
  readonly modified: bigint
  readonly changed: bigint
}

/** ns since the epoch. */
export interface Times {
  readonly accessed: bigint
  readonly modified: bigint
}

export interface Entry {
  readonly name: string
  readonly type: FileType
  /** 0: not known. */
  readonly inode: bigint
}

export interface HowToOpen {
  readonly read: boolean
  readonly write: boolean
  readonly create: boolean
  /** Fails if there is one. */
  readonly exclusive: boolean
  readonly truncate: boolean
}

export interface OpenFile {
  stat(): Stat
  /** @returns so many bytes, from the beginning of `into`; 0 at the end */
  read(into: Uint8Array, position: number): number
  /** @returns so many were written */
  write(bytes: Uint8Array, position: number): number
  resize(size: number): void
  setTimes(times: Times): void
  /** Has it on the disk. @param canWait may it take its time? If so, a promise comes back */
  sync(canWait: boolean): void | Promise<void>
  close(): void
}

export interface Directory {
  stat(): Stat
  setTimes(times: Times): void
  /** Without `.` and `..`. Its `return` lets go of it. */
  list(): IterableIterator<Entry>
  /** `undefined`: there is none. */
  lookUp(name: string): Stat | undefined
  readLink(name: string): string
  /** Another handle of the directory itself. */
  again(): Directory
  openDirectory(name: string): Directory
  /** Files only, no devices or pipes. */
  openFile(name: string, how: HowToOpen): OpenFile
  makeDirectory(name: string): void
  removeDirectory(name: string): void
  removeFile(name: string): void
  makeSymlink(name: string, target: string): void
  link(name: string, to: Directory, newName: string): void
  rename(name: string, to: Directory, newName: string): void
  setTimesOf(name: string, times: Times): void
  close(): void
}
