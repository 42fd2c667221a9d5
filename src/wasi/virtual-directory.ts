/**
 * Files in memory: names, links and inodes are those of the library, what is in files is ours (see decision C0NN).
 *
 * This file loads the library; it is imported only once a module has asked for files in memory.
 */
import { Link, Node, Superblock } from '@jsonjoy.com/fs-core'
import { Contents } from './contents.ts'
import { type Directory, type Entry, FILE_TYPE, type FileType, type HowToOpen, type OpenFile, type Stat, type Times } from './directory.ts'
import { WasiError } from './errno.ts'
import type { Files, FileTree } from './file-tree.ts'
import type { Quota } from './quota.ts'

const MODE = { directory: 0o040777, file: 0o100666, symlink: 0o120777 } as const
const NS_PER_MS = 1_000_000n

/** What all of a tree has in common. */
class Volume extends Superblock {
  readonly quota: Quota
  /** ms since the epoch. */
  readonly now: () => number
  #inodes = 0

  constructor(quota: Quota, now: () => number) {
    super()
    this.quota = quota
    this.now = now
  }

  /** @throws WasiError `nospc` */
  make(mode: number): Inode {
    this.quota.takeFile()
    return new Inode(++this.#inodes, mode, this)
  }
}

/** With names that a guest chose, so without a prototype. */
type Writable = Record<string, string | Uint8Array | FileTree>

class Inode extends Node {
  readonly volume: Volume
  readonly contents: Contents
  /** Descriptors that have it. */
  opened = 0
  #changed: Date

  constructor(number: number, mode: number, volume: Volume) {
    super(number, mode, 0, 0)
    this.volume = volume
    this.contents = new Contents(volume.quota)
    this.#changed = this.now
    this.btime = this.now
    this.accessed()
    this.modified()
  }

  get now(): Date {
    return new Date(this.volume.now())
  }

  // The library says `new Date()` whenever something else changes
  override get ctime(): Date {
    return this.#changed
  }

  override set ctime(_: Date) {
    this.#changed = this.now
  }

  accessed(): void {
    this.atime = this.now
  }

  modified(): void {
    this.mtime = this.now
  }

  set({ accessed, modified }: Times): void {
    this.atime = new Date(Number(accessed / NS_PER_MS))
    this.mtime = new Date(Number(modified / NS_PER_MS))
  }

  get type(): FileType {
    if (this.isDirectory()) return FILE_TYPE.directory
    return this.isSymlink() ? FILE_TYPE.symlink : FILE_TYPE.file
  }

  get status(): Stat {
    return {
      device: 0n,
      inode: BigInt(this.ino),
      type: this.type,
      links: BigInt(this.nlink),
      size: BigInt(this.isSymlink() ? byteLength(this.symlink) : this.contents.size),
      accessed: nanoseconds(this.atime),
      modified: nanoseconds(this.mtime),
      changed: nanoseconds(this.ctime),
    }
  }

  /** A name of it, or a descriptor, is gone. */
  release(): void {
    if (this.nlink > 0 || this.opened > 0) return
    this.contents.clear()
    if (this.isSymlink()) this.volume.quota.giveBytes(byteLength(this.symlink))
  }
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length
}

function nanoseconds(date: Date): bigint {
  return BigInt(date.getTime()) * NS_PER_MS
}

/**
 * A name of an inode. The library writes the whole path into each, and anew into all that is below when a directory is renamed, which takes a
 * guest's thread as long as the guest likes, and nests as deep. Here the path is not kept.
 */
class Name extends Link {
  override get steps(): string[] {
    return [this.name]
  }

  override set steps(_: string[]) {
    // It is what it is called
  }

  override syncSteps(): void {
    // There is nothing to keep up
  }

  get inode(): Inode {
    return this.node as Inode
  }

  /** The names in it. */
  *entries(): Generator<Name, void> {
    for (const [name, child] of this.children) if (name !== '.' && name !== '..') yield child as Name
  }
}

export class VirtualDirectory implements Directory {
  readonly #volume: Volume
  readonly #link: Name

  private constructor(volume: Volume, link: Name) {
    this.#volume = volume
    this.#link = link
  }

  /** A tree of its own. @param now ms since the epoch @throws WasiError `nospc` */
  static root(files: Files, quota: Quota, now: () => number): VirtualDirectory {
    const volume = new Volume(quota, now)
    const link = new Name(volume, undefined, '')
    link.setNode(volume.make(MODE.directory))
    link.inode.nlink++
    const root = new VirtualDirectory(volume, link)
    root.#fill(files)
    return root
  }

  #fill(files: Files): void {
    for (const [name, what] of files) {
      if (what instanceof Uint8Array) this.#add(name, MODE.file).contents.begin(what)
      else {
        this.makeDirectory(name)
        ;(this.openDirectory(name) as VirtualDirectory).#fill(what)
      }
    }
  }

  /** What is in it now, copied; symlinks are left out. */
  get files(): FileTree {
    const files: Writable = Object.create(null)
    // A guest may nest directories deeper than the stack is
    const left: [Name, Writable][] = [[this.#link, files]]
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      const [directory, into] = next
      for (const child of directory.entries()) {
        if (child.inode.isFile()) into[child.name] = child.inode.contents.bytes
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
    const found = names.reduce<Link | undefined>((link, name) => link?.children.get(name), this.#link) as Name | undefined
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
    if (!isEmpty(link)) throw new WasiError('notempty')
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
    this.#volume.quota.takeFile()
    inode.nlink++
    target.#attach(newName, inode)
  }

  rename(name: string, to: Directory, newName: string): void {
    const link = this.#get(name)
    const target = this.#same(to)
    const former = target.#find(newName)
    if (former?.inode === link.inode) return
    const isDirectory = link.inode.isDirectory()
    for (let above: Link | undefined = isDirectory ? target.#link : undefined; above !== undefined; above = above.parent) {
      if (above === link) throw new WasiError('inval')
    }
    target.#checkThere()
    if (former !== undefined) {
      const replacesDirectory = former.inode.isDirectory()
      if (isDirectory && !replacesDirectory) throw new WasiError('notdir')
      if (!isDirectory && replacesDirectory) throw new WasiError('isdir')
      if (!isEmpty(former)) throw new WasiError('notempty')
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
    return this.#link.children.get(name) as Name | undefined
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
    const inode = this.#volume.make(mode)
    this.#attach(name, inode)
    return inode
  }

  #attach(name: string, inode: Inode): void {
    const link = new Name(this.#volume, this.#link, name)
    link.setNode(inode)
    if (inode.isDirectory()) {
      link.children.set('.', link)
      inode.nlink++
    }
    this.#link.setChild(name, link)
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

function isEmpty(link: Name): boolean {
  return link.entries().next().done === true
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
