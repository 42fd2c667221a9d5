/** What may be done with a descriptor. A guest can give rights up, and never get more. */

// biome-ignore format: in the order of the bits
const NAMES = [
  'fdDatasync', 'fdRead', 'fdSeek', 'fdFdstatSetFlags', 'fdSync', 'fdTell', 'fdWrite', 'fdAdvise', 'fdAllocate',
  'pathCreateDirectory', 'pathCreateFile', 'pathLinkSource', 'pathLinkTarget', 'pathOpen', 'fdReaddir', 'pathReadlink',
  'pathRenameSource', 'pathRenameTarget', 'pathFilestatGet', 'pathFilestatSetSize', 'pathFilestatSetTimes',
  'fdFilestatGet', 'fdFilestatSetSize', 'fdFilestatSetTimes', 'pathSymlink', 'pathRemoveDirectory', 'pathUnlinkFile', 'pollFdReadwrite',
] as const

export type Right = (typeof NAMES)[number]

/** All rights are bits of one number: there are 30, of which the last two are those of sockets, which there are none of. */
export const RIGHT = Object.fromEntries(NAMES.map((name, bit) => [name, 1 << bit])) as Readonly<Record<Right, number>>

const sum = (names: readonly Right[]): number => names.reduce((all, name) => all | RIGHT[name], 0)

const READ_FILE = sum(['fdRead', 'fdSeek', 'fdTell', 'fdFdstatSetFlags', 'fdAdvise', 'fdFilestatGet', 'pollFdReadwrite'])
const WRITE_FILE = sum(['fdDatasync', 'fdSync', 'fdWrite', 'fdAllocate', 'fdFilestatSetSize', 'fdFilestatSetTimes'])
const READ_DIRECTORY = sum(['pathOpen', 'fdReaddir', 'pathReadlink', 'pathFilestatGet', 'fdFilestatGet', 'fdFdstatSetFlags'])
const WRITE_DIRECTORY = sum([
  'pathCreateDirectory',
  'pathCreateFile',
  'pathLinkSource',
  'pathLinkTarget',
  'pathRenameSource',
  'pathRenameTarget',
  'pathFilestatSetSize',
  'pathFilestatSetTimes',
  'fdFilestatSetTimes',
  'pathSymlink',
  'pathRemoveDirectory',
  'pathUnlinkFile',
  'fdSync',
  'fdDatasync',
])

export const STDIN_RIGHTS = sum(['fdRead', 'fdFdstatSetFlags', 'fdFilestatGet', 'pollFdReadwrite'])
export const OUTPUT_RIGHTS = sum(['fdWrite', 'fdFdstatSetFlags', 'fdFilestatGet', 'fdSync', 'fdDatasync', 'pollFdReadwrite'])
export const FILE_RIGHTS = READ_FILE | WRITE_FILE

/** Those of a directory itself, and those that what is opened in it may have. A link to a file that is read-only would be a way to write it, so making one counts as writing. */
export function directoryRights(readOnly: boolean): { readonly base: number; readonly inheriting: number } {
  const base = readOnly ? READ_DIRECTORY : READ_DIRECTORY | WRITE_DIRECTORY
  return { base, inheriting: base | (readOnly ? READ_FILE : FILE_RIGHTS) }
}

/** As a guest passes them. */
export function rightsOf(bits: bigint): number {
  return Number(BigInt.asUintN(30, bits))
}
