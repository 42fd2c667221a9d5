/** What is done with a path below a directory that the guest has: the functions that begin with `path_`. */

import { DirectoryDescriptor, FileDescriptor } from './descriptors.ts'
import { FILE_TYPE, type HowToOpen } from './directory.ts'
import { WasiError } from './errno.ts'
import { checkedFlags, timesOf, writeStat } from './files.ts'
import type { WasiGuest } from './guest.ts'
import type { Handlers } from './handler.ts'
import { at, type NamedPlace, type Place } from './resolve.ts'
import { RIGHT, type Right, rightsOf } from './rights.ts'
import type { WasiName } from './signatures.ts'

const OPEN = { create: 1, directory: 2, exclusive: 4, truncate: 8 } as const
const FOLLOW = 1

/** Where a path leads below a descriptor that has these rights. */
function lead<T>(guest: WasiGuest, number: number, rights: readonly Right[], path: string, flags: number, use: (place: Place) => T): T {
  const { directory } = guest.descriptors.directory(number, ...rights)
  return at(directory, path, (flags & FOLLOW) !== 0, use)
}

/** As `lead`, for what has to be a name in a directory, and not one that a guest has: that cannot be moved or removed. @throws WasiError */
function leadToName<T>(guest: WasiGuest, number: number, right: Right, path: string, use: (place: NamedPlace) => T): T {
  return lead(guest, number, [right], path, 0, (place) => {
    if (place.name === undefined)
      throw new WasiError(right === 'pathCreateDirectory' || right === 'pathSymlink' || right === 'pathLinkTarget' ? 'exist' : 'busy')
    return use(place as NamedPlace)
  })
}

/** There is something. @throws WasiError `noent` */
function existing(place: Place): NonNullable<Place['stat']> {
  if (place.stat === undefined) throw new WasiError('noent')
  return place.stat
}

/** A place for something that is no directory. @throws WasiError */
function checkForFile({ wantsDirectory, stat }: Place): void {
  if (wantsDirectory) throw new WasiError(stat === undefined ? 'noent' : 'isdir')
}

function open(guest: WasiGuest, place: Place, how: HowToOpen, wantsDirectory: boolean, rights: { base: number; inheriting: number; flags: number }): number {
  const { descriptors } = guest
  const { directory, name, stat } = place
  const { base, inheriting, flags } = rights
  if (stat?.type === FILE_TYPE.directory) {
    if (how.create && how.exclusive) throw new WasiError('exist')
    if (how.write || how.truncate || (how.create && !wantsDirectory)) throw new WasiError('isdir')
    const opened = new DirectoryDescriptor(name === undefined ? directory.again() : directory.openDirectory(name), base, inheriting)
    return descriptors.add(opened)
  }
  if (name === undefined || wantsDirectory || place.wantsDirectory) throw new WasiError(stat === undefined ? 'noent' : 'notdir')
  if (stat?.type === FILE_TYPE.symlink) throw new WasiError('loop')
  const opened = new FileDescriptor(directory.openFile(name, how), base, inheriting)
  opened.flags = flags
  return descriptors.add(opened)
}

export const PATHS = {
  path_create_directory(guest, number: number, address: number, length: number) {
    leadToName(guest, number, 'pathCreateDirectory', guest.path(address, length), ({ directory, name }) => directory.makeDirectory(name))
  },

  path_filestat_get(guest, number: number, flags: number, address: number, length: number, result: number) {
    lead(guest, number, ['pathFilestatGet'], guest.path(address, length), flags, (place) => writeStat(guest, result, existing(place)))
  },

  path_filestat_set_times(guest, number: number, flags: number, address: number, length: number, accessed: bigint, modified: bigint, which: number) {
    lead(guest, number, ['pathFilestatSetTimes'], guest.path(address, length), flags, (place) => {
      const times = timesOf(guest, existing(place), accessed, modified, which)
      if (place.name === undefined) place.directory.setTimes(times)
      else place.directory.setTimesOf(place.name, times)
    })
  },

  path_link(guest, number: number, flags: number, address: number, length: number, newNumber: number, newAddress: number, newLength: number) {
    // Following is not for a link to decide: what it would lead to may be something else by then
    if ((flags & FOLLOW) !== 0) throw new WasiError('inval')
    leadToName(guest, number, 'pathLinkSource', guest.path(address, length), (from) => {
      existing(from)
      leadToName(guest, newNumber, 'pathLinkTarget', guest.path(newAddress, newLength), (to) => {
        checkForFile(to)
        from.directory.link(from.name, to.directory, to.name)
      })
    })
  },

  path_open(
    guest,
    number: number,
    follow: number,
    address: number,
    length: number,
    oflags: number,
    base: bigint,
    inheriting: bigint,
    flags: number,
    result: number,
  ) {
    const has = (flag: keyof typeof OPEN): boolean => (oflags & OPEN[flag]) !== 0
    if (has('create') && has('directory')) throw new WasiError('inval')
    const needed: Right[] = [
      'pathOpen',
      ...(has('create') ? (['pathCreateFile'] as const) : []),
      ...(has('truncate') ? (['pathFilestatSetSize'] as const) : []),
    ]
    const { inheriting: allowed } = guest.descriptors.directory(number, ...needed)
    const asked = rightsOf(base)
    // Toolchains ask for all that they know; what decides is reading and writing
    if ((asked & ~allowed & (RIGHT.fdRead | RIGHT.fdWrite)) !== 0) throw new WasiError('notcapable')
    guest.descriptors.checkRoom()
    const how = {
      read: (asked & RIGHT.fdRead) !== 0,
      write: (asked & allowed & (RIGHT.fdWrite | RIGHT.fdAllocate | RIGHT.fdFilestatSetSize)) !== 0 || has('truncate'),
      create: has('create'),
      exclusive: has('exclusive'),
      truncate: has('truncate'),
    }
    const rights = { base: asked & allowed, inheriting: rightsOf(inheriting) & allowed, flags: checkedFlags(flags) }
    const opened = lead(guest, number, needed, guest.path(address, length), follow, (place) => open(guest, place, how, has('directory'), rights))
    guest.memory.setUint32(result, opened)
  },

  path_readlink(guest, number: number, address: number, length: number, buffer: number, room: number, result: number) {
    leadToName(guest, number, 'pathReadlink', guest.path(address, length), ({ directory, name, ...place }) => {
      if (existing({ directory, name, ...place }).type !== FILE_TYPE.symlink) throw new WasiError('inval')
      guest.memory.setUint32(result, guest.writeCut(buffer, room, new TextEncoder().encode(directory.readLink(name))))
    })
  },

  path_remove_directory(guest, number: number, address: number, length: number) {
    leadToName(guest, number, 'pathRemoveDirectory', guest.path(address, length), ({ directory, name }) => directory.removeDirectory(name))
  },

  path_rename(guest, number: number, address: number, length: number, newNumber: number, newAddress: number, newLength: number) {
    leadToName(guest, number, 'pathRenameSource', guest.path(address, length), (from) => {
      const isDirectory = existing(from).type === FILE_TYPE.directory
      leadToName(guest, newNumber, 'pathRenameTarget', guest.path(newAddress, newLength), (to) => {
        if (!isDirectory && to.wantsDirectory) throw new WasiError('notdir')
        from.directory.rename(from.name, to.directory, to.name)
      })
    })
  },

  path_symlink(guest, target: number, targetLength: number, number: number, address: number, length: number) {
    const leadsTo = guest.path(target, targetLength)
    if (leadsTo === '') throw new WasiError('noent')
    if (leadsTo.includes('\0')) throw new WasiError('inval')
    leadToName(guest, number, 'pathSymlink', guest.path(address, length), (place) => {
      if (place.stat !== undefined) throw new WasiError('exist')
      checkForFile(place)
      place.directory.makeSymlink(place.name, leadsTo)
    })
  },

  path_unlink_file(guest, number: number, address: number, length: number) {
    leadToName(guest, number, 'pathUnlinkFile', guest.path(address, length), (place) => {
      checkForFile(place)
      place.directory.removeFile(place.name)
    })
  },
} satisfies Handlers<Extract<WasiName, `path_${string}`>>
