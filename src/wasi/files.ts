/** What is done with a descriptor: the functions that begin with `fd_`. */

import { more } from './clock.ts'
import { type AnyDescriptor, DirectoryDescriptor, FD_FLAG, FileDescriptor, StdioDescriptor } from './descriptors.ts'
import { type Entry, FILE_TYPE, type Stat, type Times } from './directory.ts'
import { WasiError } from './errno.ts'
import { lengthOf, type Range, type WasiGuest } from './guest.ts'
import type { Handlers } from './handler.ts'
import type { Input } from './input.ts'
import type { WasiName } from './signatures.ts'

const FSTFLAG = { accessed: 1, accessedNow: 2, modified: 4, modifiedNow: 8 } as const
const DIRENT_SIZE = 24
/** Entries that are looked at in one turn of the event loop. */
const MOST_ENTRIES = 256
const MOST_ADVICE = 5
const WHENCE = ['set', 'current', 'end'] as const

const UNKNOWN_STAT: Stat = { device: 0n, inode: 0n, type: FILE_TYPE.unknown, links: 1n, size: 0n, accessed: 0n, modified: 0n, changed: 0n }

export function writeStat(guest: WasiGuest, address: number, stat: Stat): void {
  const { device, inode, type, links, size, accessed, modified, changed } = stat
  const fields = [device, inode, BigInt(type), links, size, accessed, modified, changed]
  guest.write(address, fields.length * 8, (view) => {
    for (const [at, value] of fields.entries()) view.setBigUint64(at * 8, value, true)
  })
}

/** The times that a guest sets, of which it may leave some as they are. @throws WasiError `inval` */
export function timesOf({ clock }: WasiGuest, now: Stat, accessed: bigint, modified: bigint, flags: number): Times {
  const pick = (given: bigint, isGiven: boolean, isNow: boolean, kept: bigint): bigint => {
    if (isGiven && isNow) throw new WasiError('inval')
    return isNow ? clock.realtime : isGiven ? given : kept
  }
  const has = (flag: keyof typeof FSTFLAG): boolean => (flags & FSTFLAG[flag]) !== 0
  return {
    accessed: pick(accessed, has('accessed'), has('accessedNow'), now.accessed),
    modified: pick(modified, has('modified'), has('modifiedNow'), now.modified),
  }
}

/** A size or place in a file, as a number. @throws WasiError `fbig` for what no file is */
function offsetOf(value: bigint): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new WasiError('fbig')
  return Number(value)
}

/** Flags that are honoured: what is written is not on the disk before `fd_sync`, so those that promise that are refused. @throws WasiError */
export function checkedFlags(flags: number): number {
  if (flags >= 2 * FD_FLAG.sync) throw new WasiError('inval')
  if ((flags & (FD_FLAG.dsync | FD_FLAG.rsync | FD_FLAG.sync)) !== 0) throw new WasiError('notsup')
  return flags
}

function statOf(descriptor: AnyDescriptor): Stat {
  if (descriptor instanceof StdioDescriptor) return UNKNOWN_STAT
  return descriptor instanceof FileDescriptor ? descriptor.file.stat() : descriptor.directory.stat()
}

function read(guest: WasiGuest, file: FileDescriptor, ranges: readonly Range[], position: number, result: number): number {
  const bytes = new Uint8Array(lengthOf(ranges))
  const count = bytes.length === 0 ? 0 : file.file.read(bytes, position)
  guest.scatter(ranges, bytes.subarray(0, count))
  guest.memory.setUint32(result, count)
  return count
}

function readInput(guest: WasiGuest, input: Input, isNonBlocking: boolean, ranges: readonly Range[], result: number): void | Promise<void> {
  const go = (): void | Promise<void> => {
    if (input.ready !== undefined || ranges.length === 0) {
      const bytes = input.take(lengthOf(ranges))
      guest.scatter(ranges, bytes)
      return guest.memory.setUint32(result, bytes.length)
    }
    if (!guest.caller.canSuspend) throw cannotWait()
    // Another run that shares the stream may have taken it by then
    if (!isNonBlocking) return input.wait(guest.caller.signal).over.then(go)
    input.ask()
    throw new WasiError('again')
  }
  return go()
}

/** A host's mistake, not the guest's. */
export function cannotWait(): Error {
  return new TypeError(
    'the guest reads from stdin, which is a stream, but cannot be suspended until the stream has something: give stdin as a string or bytes, or use a Node with JSPI (24 and later) and no `callSync`',
  )
}

/** @returns what the guest is to wait for, if anything */
function write({ caller, run }: WasiGuest, { stream }: StdioDescriptor, bytes: Uint8Array): void | Promise<void> {
  const output = stream === 'stderr' ? run.stderr : run.stdout
  const taken = output.write(bytes)
  if (output.overflow !== undefined) caller.end(output.overflow)
  // A guest that cannot wait is told by a later write what went wrong
  return caller.canSuspend ? taken : undefined
}

function entryBytes({ name, type, inode }: Entry, next: number): Uint8Array {
  const text = new TextEncoder().encode(name)
  const bytes = new Uint8Array(DIRENT_SIZE + text.length)
  const view = new DataView(bytes.buffer)
  view.setBigUint64(0, BigInt(next), true)
  view.setBigUint64(8, inode, true)
  view.setUint32(16, text.length, true)
  view.setUint8(20, type)
  bytes.set(text, DIRENT_SIZE)
  return bytes
}

/** @throws WasiError `badf` for what a guest has not begun with */
function preopened({ descriptors }: WasiGuest, number: number): Uint8Array {
  const found = descriptors.get(number)
  if (!(found instanceof DirectoryDescriptor) || found.preopened === undefined) throw new WasiError('badf')
  return new TextEncoder().encode(found.preopened)
}

function sync({ descriptors, caller }: WasiGuest, number: number, right: 'fdSync' | 'fdDatasync'): void | Promise<void> {
  const found = descriptors.get(number, right)
  return found instanceof FileDescriptor ? found.file.sync(caller.canSuspend) : undefined
}

export const FILES = {
  fd_advise({ descriptors }, number: number, _offset: bigint, _length: bigint, advice: number) {
    descriptors.file(number, 'fdAdvise')
    if (advice > MOST_ADVICE) throw new WasiError('inval')
  },

  fd_allocate({ descriptors }, number: number, offset: bigint, length: bigint) {
    const { file } = descriptors.file(number, 'fdAllocate')
    if (length === 0n) throw new WasiError('inval')
    const size = offsetOf(offset + length)
    if (size > Number(file.stat().size)) file.resize(size)
  },

  fd_close: ({ descriptors }, number: number) => descriptors.close(number),
  fd_datasync: (guest, number: number) => sync(guest, number, 'fdDatasync'),
  fd_sync: (guest, number: number) => sync(guest, number, 'fdSync'),

  fd_fdstat_get(guest, number: number, result: number) {
    const { type, flags, base, inheriting } = guest.descriptors.get(number)
    guest.write(result, 24, (view) => {
      view.setUint8(0, type)
      view.setUint16(2, flags, true)
      view.setBigUint64(8, BigInt(base), true)
      view.setBigUint64(16, BigInt(inheriting), true)
    })
  },

  fd_fdstat_set_flags({ descriptors }, number: number, flags: number) {
    descriptors.get(number, 'fdFdstatSetFlags').flags = checkedFlags(flags)
  },

  fd_fdstat_set_rights({ descriptors }, number: number, base: bigint, inheriting: bigint) {
    const found = descriptors.get(number)
    if ((base & ~BigInt(found.base)) !== 0n || (inheriting & ~BigInt(found.inheriting)) !== 0n) throw new WasiError('notcapable')
    found.base = Number(base)
    found.inheriting = Number(inheriting)
  },

  fd_filestat_get(guest, number: number, result: number) {
    writeStat(guest, result, statOf(guest.descriptors.get(number, 'fdFilestatGet')))
  },

  fd_filestat_set_size({ descriptors }, number: number, size: bigint) {
    descriptors.file(number, 'fdFilestatSetSize').file.resize(offsetOf(size))
  },

  fd_filestat_set_times(guest, number: number, accessed: bigint, modified: bigint, flags: number) {
    const found = guest.descriptors.get(number, 'fdFilestatSetTimes')
    if (found instanceof StdioDescriptor) throw new WasiError('inval')
    const times = timesOf(guest, statOf(found), accessed, modified, flags)
    if (found instanceof FileDescriptor) found.file.setTimes(times)
    else found.directory.setTimes(times)
  },

  fd_prestat_get(guest, number: number, result: number) {
    const { length } = preopened(guest, number)
    guest.write(result, 8, (view) => view.setUint32(4, length, true))
  },

  fd_prestat_dir_name(guest, number: number, address: number, length: number) {
    const path = preopened(guest, number)
    if (path.length > length) throw new WasiError('nametoolong')
    guest.memory.write(address, path)
  },

  fd_read(guest, number: number, vectors: number, count: number, result: number) {
    const found = guest.descriptors.get(number, 'fdRead')
    const ranges = guest.ranges(vectors, count)
    if (found instanceof StdioDescriptor) return readInput(guest, guest.run.stdin, found.has('nonblock'), ranges, result)
    const file = guest.descriptors.file(number)
    file.position += read(guest, file, ranges, file.position, result)
  },

  fd_pread(guest, number: number, vectors: number, count: number, offset: bigint, result: number) {
    const file = guest.descriptors.file(number, 'fdRead', 'fdSeek')
    read(guest, file, guest.ranges(vectors, count), offsetOf(offset), result)
  },

  fd_write(guest, number: number, vectors: number, count: number, result: number) {
    const found = guest.descriptors.get(number, 'fdWrite')
    const bytes = guest.gather(guest.ranges(vectors, count))
    if (found instanceof StdioDescriptor) {
      guest.memory.setUint32(result, bytes.length)
      return write(guest, found, bytes)
    }
    const file = guest.descriptors.file(number)
    const from = file.has('append') ? Number(file.file.stat().size) : file.position
    const written = file.file.write(bytes, from)
    file.position = from + written
    guest.memory.setUint32(result, written)
  },

  fd_pwrite(guest, number: number, vectors: number, count: number, offset: bigint, result: number) {
    const { file } = guest.descriptors.file(number, 'fdWrite', 'fdSeek')
    guest.memory.setUint32(result, file.write(guest.gather(guest.ranges(vectors, count)), offsetOf(offset)))
  },

  fd_readdir({ descriptors, memory, caller }, number: number, buffer: number, length: number, cookie: bigint, result: number) {
    const { listing } = descriptors.directory(number, 'fdReaddir')
    let [used, next] = [0, offsetOf(cookie)]
    if (next === 0) listing.rewind()
    const fill = (): void | Promise<void> => {
      const pieces: Uint8Array[] = []
      const from = used
      let isDone = false
      for (let looked = 0; looked < MOST_ENTRIES && !isDone; looked++) {
        const entry = listing.step(next)
        if (entry === undefined) continue
        if (entry !== null) {
          // A buffer that is not full says that there is no more: what does not fit whole is cut, and a large one is filled over some turns
          const bytes = entryBytes(entry, ++next).subarray(0, length - used)
          pieces.push(bytes)
          used += bytes.length
        }
        isDone = entry === null || used === length
      }
      memory.write(buffer + from, Buffer.concat(pieces))
      return isDone ? memory.setUint32(result, used) : more(caller, fill)
    }
    return fill()
  },

  fd_renumber: ({ descriptors }, from: number, to: number) => descriptors.renumber(from, to),

  fd_seek({ descriptors, memory }, number: number, offset: bigint, whence: number, result: number) {
    const file = descriptors.file(number, 'fdSeek')
    const base = { set: () => 0, current: () => file.position, end: () => Number(file.file.stat().size) }
    const from = WHENCE[whence]
    if (from === undefined) throw new WasiError('inval')
    const position = BigInt(base[from]()) + BigInt.asIntN(64, offset)
    if (position < 0n) throw new WasiError('inval')
    file.position = offsetOf(position)
    memory.setBigUint64(result, position)
  },

  fd_tell({ descriptors, memory }, number: number, result: number) {
    memory.setBigUint64(result, BigInt(descriptors.file(number, 'fdTell').position))
  },
} satisfies Handlers<Extract<WasiName, `fd_${string}`>>
