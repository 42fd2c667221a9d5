/** Directories in memory, of the names and inodes in `inodes.ts`. */
import { callError } from '../errors.ts'
import type { Directory, Entry, HowToOpen, OpenFile, Stat, Times } from './directory.ts'
import { WasiError } from './errno.ts'
import { type Files, type FileTree, sizesOf } from './file-tree.ts'
import { byteLength, type Inode, MODE, Name, Volume } from './inodes.ts'
import type { Quota } from './quota.ts'

/** With names that a guest chose, so without a prototype. */
type Writable = Record<string, string | Uint8Array | FileTree>

export class VirtualDirectory implements Directory {
  readonly #volume: Volume
  readonly #link: Name

  private constructor(volume: Volume, link: Name) {
    this.#volume = volume
    this.#link = link
  }

  /** A tree of its own. @param now ms since the epoch @throws WasiError `nospc` */
  static root(files: Files, quota: Quota, now: () => number): VirtualDirectory {
    const { bytes, count } = sizesOf(files)
    quota.takeBytes(bytes)
    quota.takeFiles(count + 1)
    const volume = new Volume(quota, now)
    return new VirtualDirectory(volume, new Name(volume, undefined, '', volume.inode(MODE.directory), files))
  }

  /** What is in it now, copied; symlinks are left out. @throws UsageError `file-limit` */
  get files(): FileTree {
    const files: Writable = Object.create(null)
    const { mostBytes } = this.#volume.quota
    let bytes = 0
    // A guest may nest directories deeper than the stack is
    const left: [Name, Writable][] = [[this.#link, files]]
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      const [directory, into] = next
      for (const child of directory.entries()) {
        if (child.inode.isFile()) {
          // Holes take nothing before they are copied, nor do further names
          bytes += child.inode.contents.size
          if (bytes > mostBytes) throw callError('file-limit', `the files of the directory are more than ${mostBytes} bytes`, { figures: { limit: mostBytes } })
          into[child.name] = child.inode.contents.bytes
        }
        if (!child.inode.isDirectory()) continue
        const below: Writable = Object.create(null)
        into[child.name] = below
        left.push([child, below])
      }
    }
    return files
  }

  /** Of a file in it or below, copied; undefined if there is none of that path. */
  bytesOf(names: readonly string[]): Uint8Array | undefined {
    const found = names.reduce<Name | undefined>((link, name) => link?.child(name), this.#link)
    return found?.inode.isFile() ? found.inode.contents.bytes : undefined
  }

  stat(): Stat {
    return this.#link.inode.status
  }

  setTimes(times: Times): void {
    this.#link.inode.set(times)
  }

  *list(): Generator<Entry, void> {
    for (const { name, inode } of this.#link.entries()) yield { name, type: inode.type, inode: BigInt(inode.ino) }
  }

  lookUp(name: string): Stat | undefined {
    return this.#find(name)?.inode.status
  }

  readLink(name: string): string {
    const { inode } = this.#get(name)
    if (!inode.isSymlink()) throw new WasiError('inval')
    return inode.symlink
  }

  again(): Directory {
    return this
  }

  openDirectory(name: string): Directory {
    const link = this.#get(name)
    if (!link.inode.isDirectory()) throw new WasiError(link.inode.isSymlink() ? 'loop' : 'notdir')
    return new VirtualDirectory(this.#volume, link)
  }

  openFile(name: string, { create, exclusive, truncate }: HowToOpen): OpenFile {
    const found = this.#find(name)
    if (found !== undefined && create && exclusive) throw new WasiError('exist')
    if (found === undefined && !create) throw new WasiError('noent')
    const inode = found === undefined ? this.#add(name, MODE.file) : found.inode
    if (!inode.isFile()) throw new WasiError(inode.isSymlink() ? 'loop' : 'isdir')
    const file = new VirtualFile(inode)
    if (truncate) file.resize(0)
    return file
  }

  makeDirectory(name: string): void {
    this.#add(name, MODE.directory)
  }

  makeSymlink(name: string, target: string): void {
    const bytes = byteLength(target)
    this.#volume.quota.takeBytes(bytes)
    try {
      this.#add(name, MODE.symlink).makeSymlink(target)
    } catch (error) {
      this.#volume.quota.giveBytes(bytes)
      throw error
    }
  }

  removeDirectory(name: string): void {
    const link = this.#get(name)
    if (!link.inode.isDirectory()) throw new WasiError('notdir')
    if (!link.isEmpty) throw new WasiError('notempty')
    this.#remove(link)
  }

  removeFile(name: string): void {
    const link = this.#get(name)
    if (link.inode.isDirectory()) throw new WasiError('isdir')
    this.#remove(link)
  }

  link(name: string, to: Directory, newName: string): void {
    const { inode } = this.#get(name)
    const target = this.#same(to)
    if (inode.isDirectory()) throw new WasiError('perm')
    target.#checkFree(newName)
    this.#volume.quota.takeFiles(1)
    inode.nlink++
    target.#attach(newName, inode)
  }

  rename(name: string, to: Directory, newName: string): void {
    const link = this.#get(name)
    const target = this.#same(to)
    const former = target.#find(newName)
    if (former?.inode === link.inode) return
    const isDirectory = link.inode.isDirectory()
    for (let above: Name['parent'] = isDirectory ? target.#link : undefined; above !== undefined; above = above.parent) {
      if (above === link) throw new WasiError('inval')
    }
    target.#checkThere()
    if (former !== undefined) {
      const replacesDirectory = former.inode.isDirectory()
      if (isDirectory && !replacesDirectory) throw new WasiError('notdir')
      if (!isDirectory && replacesDirectory) throw new WasiError('isdir')
      if (!former.isEmpty) throw new WasiError('notempty')
      target.#remove(former)
    }
    this.#link.deleteChild(link)
    link.name = newName
    target.#link.setChild(newName, link)
    for (const changed of [this.#link, target.#link]) changed.inode.modified()
  }

  setTimesOf(name: string, times: Times): void {
    this.#get(name).inode.set(times)
  }

  close(): void {
    // Names and inodes are collected as all objects are
  }

  #find(name: string): Name | undefined {
    return this.#link.child(name)
  }

  #get(name: string): Name {
    const link = this.#find(name)
    if (link === undefined) throw new WasiError('noent')
    return link
  }

  #same(other: Directory): VirtualDirectory {
    if (other instanceof VirtualDirectory && other.#volume === this.#volume) return other
    throw new WasiError('xdev')
  }

  /** A directory that was removed while it was open takes nothing new: nobody could remove that again. */
  #checkThere(): void {
    const { parent } = this.#link
    if (parent !== undefined && parent.children.get(this.#link.name) !== this.#link) throw new WasiError('noent')
  }

  #checkFree(name: string): void {
    this.#checkThere()
    if (this.#find(name) !== undefined) throw new WasiError('exist')
  }

  #add(name: string, mode: number): Inode {
    this.#checkFree(name)
    this.#volume.quota.takeFiles(1)
    const inode = this.#volume.inode(mode)
    this.#attach(name, inode)
    return inode
  }

  #attach(name: string, inode: Inode): void {
    this.#link.add(name, inode)
    this.#link.inode.modified()
  }

  #remove(link: Name): void {
    this.#link.deleteChild(link)
    this.#link.inode.modified()
    link.inode.nlink -= link.inode.isDirectory() ? 2 : 1
    this.#volume.quota.giveFile()
    link.inode.release()
  }
}

class VirtualFile implements OpenFile {
  readonly #inode: Inode

  constructor(inode: Inode) {
    this.#inode = inode
    inode.opened++
  }

  stat(): Stat {
    return this.#inode.status
  }

  read(into: Uint8Array, position: number): number {
    this.#inode.accessed()
    return this.#inode.contents.read(into, position)
  }

  write(bytes: Uint8Array, position: number): number {
    const written = this.#inode.contents.write(bytes, position)
    this.#inode.modified()
    return written
  }

  resize(size: number): void {
    this.#inode.contents.resize(size)
    this.#inode.modified()
  }

  setTimes(times: Times): void {
    this.#inode.set(times)
  }

  sync(): void {
    // Memory is all the disk it has
  }

  close(): void {
    this.#inode.opened--
    this.#inode.release()
  }
}
