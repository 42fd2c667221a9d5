/**
 * Names and inodes of files in memory: those of the library, made to cost a guest's thread the same however many there are (see decision
 * C0NN). What is in a file is ours.
 *
 * This file loads the library; it is imported only once a module has asked for files in memory.
 */
import { Link, Node, Superblock } from '@jsonjoy.com/fs-core'
import { Contents } from './contents.ts'
import { FILE_TYPE, type FileType, type Stat, type Times } from './directory.ts'
import type { Quota } from './quota.ts'

const NS_PER_MS = 1_000_000n

/** What all of a tree has in common. */
export class Volume extends Superblock {
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

export class Inode extends Node {
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

export function byteLength(text: string): number {
  return new TextEncoder().encode(text).length
}

function nanoseconds(date: Date): bigint {
  return BigInt(date.getTime()) * NS_PER_MS
}

/**
 * A name of an inode. The library writes the whole path into each, and anew into all that is below when a directory is renamed, which takes a
 * guest's thread as long as the guest likes, and nests as deep. Here the path is not kept.
 */
export class Name extends Link {
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
    return this.children.get(name) as Name | undefined
  }

  /** The names in it. */
  *entries(): Generator<Name, void> {
    for (const [name, child] of this.children) if (name !== '.' && name !== '..') yield child as Name
  }

  get isEmpty(): boolean {
    return this.entries().next().done === true
  }
}
