/**
 * Names and inodes of files in memory: those of the library, made to cost a guest's thread the same however many there are (see decision
 * C056). What is in a file is ours.
 *
 * This file loads the library; it is imported only once a module has asked for files in memory.
 */
import { Link, Node, Superblock } from '@jsonjoy.com/fs-core'
import { Contents } from './contents.ts'
import { FILE_TYPE, type FileType, type Stat, type Times } from './directory.ts'
import { type Files, sizesOf } from './file-tree.ts'
import type { Quota } from './quota.ts'

export const MODE = { directory: 0o040777, file: 0o100666, symlink: 0o120777 } as const
const NS_PER_MS = 1_000_000n

/** What all of a tree has in common. */
export class Volume extends Superblock {
  readonly quota: Quota
  /** ms since the epoch. */
  readonly now: () => number
  readonly began: number
  #inodes = 0

  constructor(quota: Quota, now: () => number) {
    super()
    this.quota = quota
    this.now = now
    this.began = now()
  }

  /** One that its maker has paid for. @param at when it is made, ms since the epoch */
  inode(mode: number, at = this.now()): Inode {
    return new Inode(++this.#inodes, mode, this, new Date(at))
  }
}

export class Inode extends Node {
  readonly volume: Volume
  readonly contents: Contents
  /** Descriptors that have it. */
  opened = 0
  #changed: Date

  constructor(number: number, mode: number, volume: Volume, at: Date) {
    super(number, mode, 0, 0)
    this.volume = volume
    this.contents = new Contents(volume.quota)
    this.btime = this.atime = this.mtime = at
    this.#changed = at
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

  /** Does something that changes nothing for who looks at it. */
  unchanged(work: () => void): void {
    const [modified, changed] = [this.mtime, this.#changed]
    work()
    this.mtime = modified
    this.#changed = changed
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

export function byteLength(text: string): number {
  return new TextEncoder().encode(text).length
}

function nanoseconds(date: Date): bigint {
  return BigInt(date.getTime()) * NS_PER_MS
}

const NOTHING: Files = new Map()

/**
 * A name of an inode. The library writes the whole path into each, and anew into all that is below when a directory is renamed, which takes a
 * guest's thread as long as the guest likes, and nests as deep. Here the path is not kept.
 */
export class Name extends Link {
  readonly #volume: Volume
  /** What it began with. Of that, those are made that are asked for: an instance may begin with thousands of files, and open three. */
  readonly #given: Files
  readonly #made = new Set<string>()

  constructor(volume: Volume, parent: Name | undefined, name: string, inode: Inode, given: Files = NOTHING) {
    super(volume, parent, name)
    this.#volume = volume
    this.#given = given
    this.setNode(inode)
    if (!inode.isDirectory()) return
    this.children.set('.', this)
    // Of its own `.`, and the `..` of those in it
    inode.nlink += 1 + sizesOf(given).directories
  }

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

  child(name: string): Name | undefined {
    return (this.children.get(name) as Name | undefined) ?? this.#make(name)
  }

  /** The names in it. */
  *entries(): Generator<Name, void> {
    for (const [name, child] of this.children) if (name !== '.' && name !== '..') yield child as Name
    for (const name of this.#given.keys()) {
      const made = this.#make(name)
      if (made !== undefined) yield made
    }
  }

  /** Another name in it. */
  add(name: string, inode: Inode, given?: Files): Name {
    const link = new Name(this.#volume, this, name, inode, given)
    this.setChild(name, link)
    return link
  }

  /** One that it began with, if that was not made before: then it is what has become of it, or gone. */
  #make(name: string): Name | undefined {
    const given = this.#given.get(name)
    if (given === undefined || this.#made.has(name)) return undefined
    this.#made.add(name)
    const isFile = given instanceof Uint8Array
    const inode = this.#volume.inode(isFile ? MODE.file : MODE.directory, this.#volume.began)
    if (isFile) inode.contents.begin(given)
    let link: Name | undefined
    this.inode.unchanged(() => {
      link = this.add(name, inode, isFile ? undefined : given)
      // It was counted from the beginning
      if (!isFile) this.inode.nlink--
    })
    return link
  }

  get isEmpty(): boolean {
    return this.entries().next().done === true
  }
}
