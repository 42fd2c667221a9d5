/**
 * A chosen directory of the machine. Names in it are reached from an open handle of their directory, where the system can do that
 * (`/proc/self/fd`): what others move or swap meanwhile changes nothing about where a name is looked up.
 *
 * This file is imported only once a module has asked for such a directory: it needs Node.
 */
import fs from 'node:fs'
import { sep } from 'node:path'
import { type Directory, type Entry, FILE_TYPE, type FileType, type HowToOpen, type OpenFile, type Stat, type Times } from './directory.ts'
import { WasiError } from './errno.ts'

const NS_PER_S = 1e9

/** How to get at what is in a directory, and its handle, where handles are ways to that. */
interface Opened {
  readonly at: string
  readonly handle: number | undefined
}

export class HostDirectory implements Directory {
  /** The directory that the user chose: links and renames stay in it. */
  readonly #root: object
  readonly #open: () => Opened
  #opened: Opened | undefined
  #isClosed = false

  private constructor(root: object, open: () => Opened) {
    this.#root = root
    this.#open = open
  }

  /**
   * A directory that a user chose, which is to be there now. Who opens it later gets that one or nothing: a guest that has the directory
   * around it may have put a symlink in its place by then.
   * @returns what gives it to an instance, which opens it when it first asks for what is in it
   * @throws an error of Node's file system if it is no directory that can be read
   */
  static chosen(path: string): () => HostDirectory {
    // There a name may have in it what leads elsewhere
    if (sep !== '/') throw new Error('names are more than names on this system: `NUL` is a device, `a:b` a stream, `C:x` is elsewhere')
    const real = fs.realpathSync(path)
    fs.readdirSync(`${real}/`)
    const { dev, ino } = fs.statSync(real, { bigint: true })
    const isChosen = (handle: number): boolean => {
      const found = fs.fstatSync(handle, { bigint: true })
      return found.dev === dev && found.ino === ino
    }
    return () => new HostDirectory({}, () => opened(real, isChosen))
  }

  get #at(): string {
    // Its number may be another's by now
    if (this.#isClosed) throw new WasiError('badf')
    this.#opened ??= this.#open()
    return this.#opened.at
  }

  stat(): Stat {
    return statOf(fs.statSync(this.#at, { bigint: true }))
  }

  setTimes(times: Times): void {
    fs.utimesSync(this.#at, ...inSeconds(times))
  }

  *list(): Generator<Entry, void> {
    const directory = fs.opendirSync(this.#at)
    try {
      for (let entry = directory.readSync(); entry !== null; entry = directory.readSync()) yield { name: entry.name, type: typeOf(entry), inode: 0n }
    } finally {
      directory.closeSync()
    }
  }

  lookUp(name: string): Stat | undefined {
    const stats = fs.lstatSync(this.#in(name), { bigint: true, throwIfNoEntry: false })
    return stats === undefined ? undefined : statOf(stats)
  }

  readLink(name: string): string {
    return fs.readlinkSync(this.#in(name))
  }

  again(): Directory {
    return this.#enter('.')
  }

  openDirectory(name: string): Directory {
    return this.#enter(name)
  }

  #enter(name: string): HostDirectory {
    const directory = opened(this.#in(name))
    const entered = new HostDirectory(this.#root, () => directory)
    entered.#opened = directory
    return entered
  }

  openFile(name: string, how: HowToOpen): OpenFile {
    const path = this.#in(name)
    const stats = fs.lstatSync(path, { throwIfNoEntry: false })
    // Opening a device may do something, opening a pipe may wait
    if (stats !== undefined && !stats.isFile()) throw new WasiError(stats.isSymbolicLink() ? 'loop' : stats.isDirectory() ? 'isdir' : 'acces')
    const handle = fs.openSync(path, flagsOf(how), 0o666)
    const file = new HostFile(handle)
    try {
      // It may have become something else in between
      if (!fs.fstatSync(handle).isFile()) throw new WasiError('acces')
      if (how.truncate) file.resize(0)
      return file
    } catch (error) {
      file.close()
      throw error
    }
  }

  makeDirectory(name: string): void {
    fs.mkdirSync(this.#in(name))
  }

  removeDirectory(name: string): void {
    fs.rmdirSync(this.#in(name))
  }

  removeFile(name: string): void {
    if (this.lookUp(name)?.type === FILE_TYPE.directory) throw new WasiError('isdir')
    fs.unlinkSync(this.#in(name))
  }

  makeSymlink(name: string, target: string): void {
    // Others follow it, wherever it is moved to
    if (target.startsWith('/') || target.split('/').includes('..')) throw new WasiError('notcapable')
    fs.symlinkSync(target, this.#in(name))
  }

  link(name: string, to: Directory, newName: string): void {
    const there = this.lookUp(name)
    if (there?.type === FILE_TYPE.directory) throw new WasiError('perm')
    // Some systems would link to what the symlink points to
    if (there?.type === FILE_TYPE.symlink) throw new WasiError('notsup')
    fs.linkSync(this.#in(name), this.#same(to).#in(newName))
  }

  rename(name: string, to: Directory, newName: string): void {
    fs.renameSync(this.#in(name), this.#same(to).#in(newName))
  }

  setTimesOf(name: string, times: Times): void {
    fs.lutimesSync(this.#in(name), ...inSeconds(times))
  }

  close(): void {
    this.#isClosed = true
    if (this.#opened?.handle !== undefined) fs.closeSync(this.#opened.handle)
  }

  #in(name: string): string {
    return `${this.#at}/${name}`
  }

  #same(other: Directory): HostDirectory {
    if (other instanceof HostDirectory && other.#root === this.#root) return other
    throw new WasiError('xdev')
  }
}

const HANDLES = '/proc/self/fd'

/** Is a handle's entry there the directory itself? */
const handlesAreWays = ((): boolean => {
  let handle: number | undefined
  try {
    handle = fs.openSync('/', fs.constants.O_RDONLY)
    const [one, other] = [fs.fstatSync(handle), fs.statSync(`${HANDLES}/${handle}/.`)]
    return one.ino === other.ino && one.dev === other.dev
  } catch {
    return false
  } finally {
    if (handle !== undefined) fs.closeSync(handle)
  }
})()

/** Follows no symlink. @param isRight is this what is looked for? */
function opened(path: string, isRight: (handle: number) => boolean = () => true): Opened {
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = fs.constants
  const handle = fs.openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
  let isKept = false
  try {
    if (!isRight(handle)) throw new WasiError('noent')
    isKept = handlesAreWays
  } finally {
    if (!isKept) fs.closeSync(handle)
  }
  return isKept ? { at: `${HANDLES}/${handle}`, handle } : { at: path, handle: undefined }
}

function flagsOf({ read, write, create, exclusive }: HowToOpen): number {
  const { O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY } = fs.constants
  const access = write ? (read ? O_RDWR : O_WRONLY) : O_RDONLY
  return access | (create ? O_CREAT : 0) | (create && exclusive ? O_EXCL : 0) | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY
}

class HostFile implements OpenFile {
  readonly #handle: number

  constructor(handle: number) {
    this.#handle = handle
  }

  stat(): Stat {
    return statOf(fs.fstatSync(this.#handle, { bigint: true }))
  }

  read(into: Uint8Array, position: number): number {
    return fs.readSync(this.#handle, into, 0, into.length, position)
  }

  write(bytes: Uint8Array, position: number): number {
    return fs.writeSync(this.#handle, bytes, 0, bytes.length, position)
  }

  resize(size: number): void {
    fs.ftruncateSync(this.#handle, size)
  }

  setTimes(times: Times): void {
    fs.futimesSync(this.#handle, ...inSeconds(times))
  }

  sync(canWait: boolean): void | Promise<void> {
    if (!canWait) return fs.fsyncSync(this.#handle)
    return new Promise((resolve, reject) => fs.fsync(this.#handle, (error) => (error === null ? resolve() : reject(error))))
  }

  close(): void {
    fs.closeSync(this.#handle)
  }
}

function inSeconds({ accessed, modified }: Times): [accessed: number, modified: number] {
  return [Number(accessed) / NS_PER_S, Number(modified) / NS_PER_S]
}

function statOf(stats: fs.BigIntStats): Stat {
  return {
    device: BigInt.asUintN(64, stats.dev),
    inode: BigInt.asUintN(64, stats.ino),
    type: typeOf(stats),
    links: stats.nlink,
    size: stats.size,
    accessed: BigInt.asUintN(64, stats.atimeNs),
    modified: BigInt.asUintN(64, stats.mtimeNs),
    changed: BigInt.asUintN(64, stats.ctimeNs),
  }
}

function typeOf(of: fs.StatsBase<bigint> | fs.Dirent): FileType {
  if (of.isFile()) return FILE_TYPE.file
  if (of.isDirectory()) return FILE_TYPE.directory
  if (of.isSymbolicLink()) return FILE_TYPE.symlink
  if (of.isBlockDevice()) return FILE_TYPE.blockDevice
  if (of.isCharacterDevice()) return FILE_TYPE.characterDevice
  return of.isSocket() ? FILE_TYPE.socket : FILE_TYPE.unknown
}
